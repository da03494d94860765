/**
 * A Debian package version in its three parts; see deb-version(7).
 * The epoch is kept as text of digits because dpkg gives it no small upper bound.
 */
export interface DebianVersion {
  /** Digits; `0` when the text names none. */
  readonly epoch: string;
  readonly upstream: string;
  /** Empty when the text names none; that orders like `0`. */
  readonly revision: string;
}

/**
 * Reads a version; undefined when dpkg would refuse the text. As in dpkg, the epoch ends at the first colon
 * and the revision begins after the last hyphen.
 */
export function parseDebianVersion(text: string): DebianVersion | undefined {
  const colon = text.indexOf(':');
  const epoch = colon < 0 ? '0' : text.slice(0, colon);
  const rest = text.slice(colon + 1);
  const hyphen = rest.lastIndexOf('-');
  const upstream = hyphen < 0 ? rest : rest.slice(0, hyphen);
  const revision = hyphen < 0 ? '' : rest.slice(hyphen + 1);
  if (!/^\d+$/.test(epoch) || !/^\d[A-Za-z0-9.+~:-]*$/.test(upstream)) return undefined;
  if (hyphen >= 0 && !/^[A-Za-z0-9.+~]+$/.test(revision)) return undefined;
  return { epoch, upstream, revision };
}

/**
 * Negative, zero or positive as `a` is older than, equal to or newer than `b` in dpkg's order.
 * Text that is no version is ordered too, by the same rules, so that sorting never throws.
 */
export function compareDebianVersions(a: string, b: string): number {
  const left = parseDebianVersion(a) ?? { epoch: '0', upstream: a, revision: '' };
  const right = parseDebianVersion(b) ?? { epoch: '0', upstream: b, revision: '' };
  return (
    compareDigits(left.epoch, right.epoch) ||
    comparePart(left.upstream, right.upstream) ||
    comparePart(left.revision, right.revision)
  );
}

/** Alternates runs of non-digits (by weight) and digits (by value), as deb-version(7) describes it. */
function comparePart(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while (isNonDigit(a, i) || isNonDigit(b, j)) {
      const difference = weight(a, i) - weight(b, j);
      if (difference !== 0) return difference;
      i += 1;
      j += 1;
    }
    const endA = endOfDigits(a, i);
    const endB = endOfDigits(b, j);
    const difference = compareDigits(a.slice(i, endA), b.slice(j, endB));
    if (difference !== 0) return difference;
    i = endA;
    j = endB;
  }
  return 0;
}

/** A tilde sorts before the end of the text, the end before letters, letters before everything else. */
function weight(text: string, index: number): number {
  const code = index < text.length ? text.charCodeAt(index) : 0;
  if (code === 0 || isDigit(code)) return 0;
  if (code === TILDE) return -1;
  return isLetter(code) ? code : code + 256;
}

function compareDigits(a: string, b: string): number {
  const left = a.replace(/^0+/, '');
  const right = b.replace(/^0+/, '');
  return left.length - right.length || (left < right ? -1 : left > right ? 1 : 0);
}

function isNonDigit(text: string, index: number): boolean {
  return index < text.length && !isDigit(text.charCodeAt(index));
}

function endOfDigits(text: string, start: number): number {
  let end = start;
  while (end < text.length && isDigit(text.charCodeAt(end))) end += 1;
  return end;
}

const TILDE = 0x7e;

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}
