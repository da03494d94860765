import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { ClosurePackage } from '../../../src/bases/closure.ts';
import { fetchPackages } from '../../../src/workflows/fetch-packages.ts';
import { debText, samplePackage } from './sample-base.ts';
import { useScratchDirectory } from './scratch-directory.ts';
import { programFailed, scriptedContext, type Script } from './scripted-runner.ts';

const scratch = useScratchDirectory('fetch');
const [a, b, c] = [samplePackage('a'), samplePackage('b'), samplePackage('c')];

/** apt that leaves the packages it is asked for, except those in `lost`; then it fails as apt does. */
function apt(lost: readonly string[] = [], text = debText): Script {
  return {
    'apt-get download -q': async ({ args, cwd = '' }) => {
      const names = args.slice(2).map((word) => word.split('=')[0] ?? '');
      const kept = names.filter((name) => !lost.includes(name));
      for (const name of kept) await writeFile(join(cwd, `${name}_1_all.deb`), text(name));
      if (kept.length < names.length)
        throw programFailed('apt-get', 100, ['E: Failed to fetch x  404  Not Found']);
      return kept.map((name, index) => `Get:${index} ${name}`).join('\n');
    },
  };
}

async function fetch(
  packages: readonly ClosurePackage[],
  script: Script,
  more: { offline?: boolean; destination?: string } = {},
): Promise<{ calls: string[]; progress: string[]; pool: string[] }> {
  const { context, calls } = scriptedContext(scratch.path, script);
  const aptConfig = await scratch.write('cache/apt/root/apt.conf', '');
  const destination = scratch.join(more.destination ?? 'pool');
  const progress: string[] = [];
  const request = { aptConfig, destination, offline: more.offline ?? false };
  await fetchPackages(packages, request, context, (present, total) => progress.push(`${present}/${total}`));
  return { calls, progress, pool: (await readdir(destination)).toSorted() };
}

const stored = async (): Promise<string[]> => (await readdir(scratch.join('cache/debs'))).toSorted();

describe('fetchPackages', () => {
  test('fetches what is missing, in one call, and keeps it', async () => {
    const { calls, progress, pool } = await fetch([a, b], apt());
    expect(calls).toEqual(['apt-get download -q']);
    expect(pool).toEqual(['a_1_all.deb', 'b_1_all.deb']);
    expect(progress).toEqual(['0/2', '1/2', '2/2']);
    expect(await stored()).toEqual([a.sha256, b.sha256].toSorted());
  });

  test('what the cache has is not fetched again; only the rest is', async () => {
    await fetch([a, b], apt());
    const again = await fetch([a, b, c], apt(['a', 'b']), { destination: 'second' });
    expect(again.progress).toEqual(['2/3', '3/3']);
    expect(again.pool).toEqual(['a_1_all.deb', 'b_1_all.deb', 'c_1_all.deb']);
    const third = await fetch([a, b, c], {}, { destination: 'third', offline: true });
    expect(third.calls).toEqual([]);
  });

  test.each([
    { damaged: 'deb of X\n', because: 'a bit was flipped' },
    { damaged: 'deb', because: 'it was cut short' },
    { damaged: '', because: 'it is empty' },
  ])('a damaged copy is fetched again: $because', async ({ damaged }) => {
    await fetch([a], apt());
    await writeFile(scratch.join('cache/debs', a.sha256), damaged);
    const again = await fetch([a], apt(), { destination: 'second' });
    expect(again.calls).toHaveLength(1);
    expect(await scratch.read('second/a_1_all.deb')).toBe(debText('a'));
    expect(await scratch.read(join('cache/debs', a.sha256))).toBe(debText('a'));
  });

  test('a package that is asked for twice is wanted once: the microvm’s busybox may be installed, too', async () => {
    await fetch([a], apt());
    const again = await fetch([a, a], {}, { destination: 'second', offline: true });
    expect(again.progress).toEqual(['1/1']);
    expect(await stored()).toEqual([a.sha256]);
  });

  test('offline, what is missing is named', async () => {
    await expect(fetch([b], {}, { offline: true })).rejects.toMatchObject({
      kind: 'host',
      code: 'E_OFFLINE_EMPTY',
      message: expect.stringContaining('b 1'),
    });
  });

  test('what did arrive before a failure is kept for the next time', async () => {
    await expect(fetch([a, b], apt(['b']))).rejects.toMatchObject({
      kind: 'host',
      code: 'E_MIRROR_LACKS_SUITE',
    });
    expect(await stored()).toEqual([a.sha256]);
  });

  test('a package that is not the promised one never reaches the cache', async () => {
    await expect(
      fetch(
        [a],
        apt([], () => 'evil'),
      ),
    ).rejects.toMatchObject({ kind: 'host', code: 'E_PACKAGE_DAMAGED' });
    expect(await stored()).toEqual([]);
  });

  test('apt that says it succeeded but left nothing is told', async () => {
    await expect(fetch([a], { 'apt-get download': () => '' })).rejects.toMatchObject({
      code: 'E_PACKAGE_MISSING',
    });
  });

  test('without its own configuration apt is not asked: it would take the host’s sources', async () => {
    const { context } = scriptedContext(scratch.path, {});
    const request = { aptConfig: scratch.join('gone'), destination: scratch.join('pool'), offline: false };
    await expect(fetchPackages([a], request, context)).rejects.toMatchObject({
      kind: 'host',
      code: 'E_CACHE_LOST',
    });
  });

  test('an aborted build fetches nothing', async () => {
    const { context } = scriptedContext(scratch.path, {}, { signal: AbortSignal.abort(new Error('stop')) });
    const request = { aptConfig: '', destination: scratch.join('pool'), offline: false };
    await expect(fetchPackages([a], request, context)).rejects.toThrow('stop');
  });

  test('names carry their architecture, packages for all have none', async () => {
    const native: ClosurePackage = { ...a, architecture: 'amd64' };
    const seen: string[] = [];
    const script: Script = {
      'apt-get download -q': ({ args }) => {
        seen.push(...args.slice(2));
        throw programFailed('apt-get', 100);
      },
    };
    await rm(scratch.join('cache'), { recursive: true, force: true });
    await expect(fetch([native, b], script)).rejects.toMatchObject({ code: 'E_COMMAND_FAILED' });
    expect(seen).toEqual(['a:amd64=1', 'b=1']);
  });
});
