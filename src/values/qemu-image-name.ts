import { isAbsolute } from 'node:path';

/**
 * A file as QEMU is to be given it, together with an explicit format: with the protocol in front, nothing in the name
 * (`nbd:`, `json:`, a colon) is taken for another. Expects an absolute path; anything else is a bug of the caller.
 */
export function imageNameForQemu(path: string): string {
  if (!isAbsolute(path)) throw new Error(`QEMU is given absolute names only: ${path}`);
  return `file:${path}`;
}
