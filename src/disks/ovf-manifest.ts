/** A file that a manifest vouches for. */
export interface ManifestEntry {
  readonly name: string;
  /** In lower-case hexadecimal. */
  readonly sha256: string;
}

/**
 * The text of an `.mf`. Its lines have exactly one form: no blank before `(`, none before `=`, one after it. VMware's
 * products call anything else an invalid algorithm, what `sha256sum --tag` and OpenSSL 3 print included.
 */
export function renderOvfManifest(entries: readonly ManifestEntry[]): string {
  return entries.map(({ name, sha256 }) => `SHA256(${name})= ${sha256}\n`).join('');
}
