import { execFileSync, spawnSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import type { ReadAt } from '../../src/disks/volume-bytes.ts';

/** Whether mke2fs is installed; says so when it is not. */
export function mke2fsIsMissing(what: string): boolean {
  const missing = spawnSync('mke2fs', ['-V'], { env: TOOL_ENVIRONMENT }).error !== undefined;
  if (missing) process.stderr.write(`skipped: ${what}, because mke2fs is not installed\n`);
  return missing;
}

/** System tools may be outside an ordinary user's PATH. */
export const TOOL_ENVIRONMENT = {
  ...process.env,
  PATH: `${process.env['PATH']}:/usr/sbin:/sbin`,
  LC_ALL: 'C.UTF-8',
};

/** Makes a file system from a tree; `offset` bytes are left before it. */
export function makeExt4(
  tree: string,
  image: string,
  options: { readonly args?: readonly string[]; readonly offset?: number; readonly sizeMiB?: number } = {},
): void {
  const { args = [], offset = 0, sizeMiB = 64 } = options;
  execFileSync('truncate', ['-s', String(offset + sizeMiB * 1024 * 1024), image]);
  // Another -E among the arguments would replace this one, so callers with their own leave the offset at 0.
  const place = offset === 0 ? [] : ['-E', `offset=${offset}`];
  const call = ['-q', '-F', '-t', 'ext4', ...args, ...place, '-d', tree, image, `${sizeMiB}m`];
  execFileSync('mke2fs', call, { env: TOOL_ENVIRONMENT, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Runs debugfs requests that change an image. */
export function changeExt4(image: string, requests: readonly string[]): string {
  const input = `${requests.join('\n')}\n`;
  const options = { env: TOOL_ENVIRONMENT, input, encoding: 'utf8', stdio: 'pipe' } as const;
  return execFileSync('debugfs', ['-w', '-f', '-', image], options);
}

/** Reads of an image file, with what closes it. */
export async function readerOf(image: string): Promise<{ readAt: ReadAt; close: () => Promise<void> }> {
  const handle = await open(image, 'r');
  const readAt: ReadAt = async (offset, length) => {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await handle.read(buffer, 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };
  return { readAt, close: () => handle.close() };
}
