import { readdir, utimes, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { readProcessIdentity } from '../../../src/host/process-identity.ts';
import { sweepCache } from '../../../src/workflows/sweep-cache.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('sweep-cache');
const NOW = new Date();
const UUID = '95166370-4857-4a88-a233-7dba4be6631b';
const context = {
  get directories() {
    return { cache: scratch.path, state: scratch.path };
  },
  clock: { now: () => NOW },
};

async function put(name: string, hoursOld: number, data = 'x'): Promise<void> {
  const path = await scratch.write(name, data);
  const then = new Date(NOW.getTime() - hoursOld * 3_600_000);
  await utimes(path, then, then);
}

async function filesLeft(): Promise<string[]> {
  const entries = await readdir(scratch.path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

describe('sweepCache', () => {
  test('does nothing where there is no cache', async () => {
    await sweepCache({ ...context, directories: { cache: scratch.join('none'), state: '' } });
  });

  test.each([
    { name: 'debs/.abc.123.tmp', because: 'a package that was half copied' },
    { name: 'apt/r/closures/.abc.json.2cb7dd50.tmp', because: 'a closure that was half written' },
    { name: `apt/r/lock.${UUID}`, because: 'the draft of a mark' },
    { name: `apt/r/fetch.lock.${UUID}`, because: 'the draft of another mark' },
  ])('removes $name when it is old: $because', async ({ name }) => {
    await put(name, 2);
    await sweepCache(context);
    expect(await filesLeft()).toEqual([]);
    await put(name, 0.5);
    await sweepCache(context);
    expect(await filesLeft()).toHaveLength(1);
  });

  test.each([
    { name: 'debs/96e389fc', because: 'a package' },
    { name: 'apt/r/closures/abc.json', because: 'a closure' },
    { name: 'apt/r/apt.conf', because: 'the configuration' },
    { name: 'bases/k/base.qcow2', because: 'a base disk' },
  ])('leaves $name, $because', async ({ name }) => {
    await put(name, 1000);
    await sweepCache(context);
    expect(await filesLeft()).toHaveLength(1);
  });

  test.each([
    { name: 'packer/port/22001', hours: 73, because: "Packer's lock on a port" },
    { name: 'packer/0aba.iso.lock', hours: 73, because: "Packer's lock on a base" },
  ])('removes $name after days: $because', async ({ name, hours }) => {
    await put(name, hours);
    await sweepCache(context);
    expect(await filesLeft()).toEqual([]);
  });

  test('package indices go when nobody has updated them for a month', async () => {
    for (const [root, days] of [
      ['old', 31],
      ['new', 29],
    ] as const) {
      await put(`apt/${root}/lists/InRelease`, 0);
      const then = new Date(NOW.getTime() - days * 24 * 3_600_000);
      await utimes(scratch.join('apt', root, 'lists'), then, then);
    }
    await sweepCache(context);
    expect(await readdir(scratch.join('apt'))).toEqual(['new']);
  });

  test('a lock goes with its owner, not before', async () => {
    const identity = await readProcessIdentity();
    const mark = (startTicks?: number): string =>
      JSON.stringify({
        token: UUID,
        identity: { ...identity, ...(startTicks === undefined ? {} : { startTicks }) },
      });
    await writeFile(await scratch.write('apt/r/fetch.lock', ''), mark());
    await writeFile(await scratch.write('apt/r/lock', ''), mark(1));
    await sweepCache(context);
    expect(await filesLeft()).toEqual(['fetch.lock']);
  });
});
