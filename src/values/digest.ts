import { createHash } from 'node:crypto';

/** Lower-case hexadecimal SHA-256 of a text or bytes already in memory. */
export function sha256Of(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/**
 * JSON with object keys in code-unit order at every level and `undefined` members dropped,
 * so that equal values have equal text and therefore equal digests.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (member === null || typeof member !== 'object' || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}

/** SHA-256 over {@link canonicalJson}. */
export function digestOfValue(value: unknown): string {
  return sha256Of(canonicalJson(value));
}

/** The first and last digits of a digest, for people: `9f2c…41`. */
export function shortDigest(hex: string): string {
  return `${hex.slice(0, 4)}…${hex.slice(-2)}`;
}
