import { isFileName } from './safe-names.ts';

/** One file and the digest of its content. */
export interface Checksum {
  readonly file: string;
  /** Lower-case hexadecimal SHA-256. */
  readonly sha256: string;
}

/** Name of the list of checksums in a release directory; systemd-pull and Packer look for it. */
export const CHECKSUMS_FILE = 'SHA256SUMS';

/**
 * Text of `SHA256SUMS`, sorted by name, in the binary-mode spelling that `sha256sum -c`, systemd-pull and Packer read.
 * @throws RangeError for a name that the format would have to escape
 */
export function renderChecksums(checksums: readonly Checksum[]): string {
  const sorted = checksums.toSorted((a, b) => (a.file < b.file ? -1 : 1));
  return sorted.map(renderChecksum).join('');
}

/**
 * Reads `SHA256SUMS`, file → SHA-256. Lines that are none are left out: what they should have named is missing then.
 */
export function parseChecksums(text: string): Map<string, string> {
  const sums = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, sha256, file] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
    if (sha256 !== undefined && file !== undefined && isFileName(file)) sums.set(file, sha256);
  }
  return sums;
}

function renderChecksum({ file, sha256 }: Checksum): string {
  if (!isFileName(file)) throw new RangeError(`${JSON.stringify(file)} cannot stand in a list of checksums`);
  return `${sha256} *${file}\n`;
}
