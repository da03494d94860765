import { digestOfValue } from './digest.ts';

/** A value as JSON text with its own digest, so that damage is seen before anything in it is believed. */
export function renderSealedJson(value: object): string {
  return `${JSON.stringify({ sha256: digestOfValue(value), value }, null, 2)}\n`;
}

/**
 * Reads what {@link renderSealedJson} wrote; undefined when the text is damaged or anything else.
 *
 * @param isIt tells this kind of document from others; what carries its digest was written by us, so a look at a
 *   few members is enough
 */
export function parseSealedJson<T extends object>(
  text: string,
  isIt: (value: object) => value is T,
): T | undefined {
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document !== 'object' || document === null) return undefined;
    if (!('value' in document) || !('sha256' in document)) return undefined;
    if (typeof document.value !== 'object' || document.value === null) return undefined;
    if (digestOfValue(document.value) !== document.sha256) return undefined;
    return isIt(document.value) ? document.value : undefined;
  } catch {
    return undefined;
  }
}
