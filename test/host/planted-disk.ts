import { execFileSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { run } from '../../src/host/run.ts';
import { readSourceDisk, type SourceDisk } from '../../src/workflows/source-disk.ts';

/** Data by the place where it stands. */
export type Planted = Readonly<Record<number, Buffer>>;

/** Makes a raw disk with data at some places; the rest is a hole. */
export async function plantRaw(path: string, sizeBytes: number, data: Planted): Promise<string> {
  const handle = await open(path, 'w');
  await handle.truncate(sizeBytes);
  for (const [offset, bytes] of Object.entries(data)) {
    await handle.write(bytes, 0, bytes.length, Number(offset));
  }
  await handle.close();
  return path;
}

/** The same, looked at as writers want it. */
export async function plantDisk(path: string, sizeBytes: number, data: Planted): Promise<SourceDisk> {
  return readSourceDisk(await plantRaw(path, sizeBytes, data), { run });
}

/** What qemu-img prints; throws when it fails. */
export function qemuImg(...args: string[]): string {
  return execFileSync('qemu-img', args, { encoding: 'utf8', stdio: 'pipe' });
}
