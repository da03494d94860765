import { open, truncate, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { run } from '../../../src/host/run.ts';
import { digestDisk } from '../../../src/workflows/digest-disk.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('digest');
const MIB = 1024 * 1024;
/** `qemu-img map` of a disk that the file system keeps whole, and of one with a hole. */
const answering = (map: readonly object[]) => async (): ReturnType<typeof run> => ({
  stdout: JSON.stringify(map),
  stderr: '',
  exitCode: 0,
  durationMs: 0,
});
const piece = (start: number, length: number, data: boolean): object => ({ start, length, data });
const WHOLE = answering([piece(0, 4 * MIB, true)]);
const HOLES = answering([piece(0, 2 * MIB, false), piece(2 * MIB, MIB, true), piece(3 * MIB, MIB, false)]);

async function makeDisk(name: string, byteAt: number): Promise<string> {
  const path = scratch.join(name);
  await writeFile(path, '');
  await truncate(path, 4 * MIB);
  const handle = await open(path, 'r+');
  await handle.write(Buffer.from('data'), 0, 4, byteAt);
  await handle.close();
  return path;
}

describe('digestDisk', () => {
  test('does not depend on where the file system has holes', async () => {
    const path = await makeDisk('disk', 2 * MIB + 5);
    expect(await digestDisk(path, { run: WHOLE })).toBe(await digestDisk(path, { run: HOLES }));
  });

  test('depends on the data, on its place and on the size', async () => {
    const digests = [
      await digestDisk(await makeDisk('a', 2 * MIB), { run: WHOLE }),
      await digestDisk(await makeDisk('b', 2 * MIB + 1), { run: WHOLE }),
      await digestDisk(await makeDisk('c', 2 * MIB + 64 * 1024), { run: WHOLE }),
    ];
    await truncate(scratch.join('a'), 4 * MIB + 512);
    digests.push(await digestDisk(scratch.join('a'), { run: WHOLE }));
    expect(new Set(digests).size).toBe(4);
  });

  test('can be interrupted', async () => {
    const path = await makeDisk('disk', 0);
    await expect(digestDisk(path, { run: WHOLE, signal: AbortSignal.abort() })).rejects.toThrow();
  });
});
