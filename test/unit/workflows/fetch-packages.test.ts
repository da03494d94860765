import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { ClosurePackage } from '../../../src/bases/closure.ts';
import type { CommandSpec } from '../../../src/values/command-spec.ts';
import { fetchPackages } from '../../../src/workflows/fetch-packages.ts';
import { debText, samplePackage } from './sample-base.ts';
import { useScratchDirectory } from './scratch-directory.ts';
import { programFailed, scriptedContext, type Script } from './scripted-runner.ts';

const scratch = useScratchDirectory('fetch');
const [a, b, c] = [samplePackage('a'), samplePackage('b'), samplePackage('c')];

const HELPER = '/usr/lib/apt/apt-helper -q download-file';

/** What apt-helper is asked for: address, place and digest, one after the other. */
function askedOf({ args, cwd = '' }: CommandSpec): { name: string; path: string; digest: string }[] {
  const words = args.slice(2);
  return words
    .filter((_, index) => index % 3 === 0)
    .map((uri, index) => ({
      name: /pool\/([^_]+)_/.exec(uri)?.[1] ?? uri,
      path: join(cwd, words[3 * index + 1] ?? ''),
      digest: words[3 * index + 2] ?? '',
    }));
}

/** apt that tells where the packages are. */
const uris: Script = {
  'apt-get download -q --print-uris': ({ args }) =>
    args
      .slice(3)
      .map((word) => samplePackage(word.split('=')[0] ?? ''))
      .map(({ file, sha256 }) => `'http://mirror.example/pool/${file}' ${file} 10 SHA256:${sha256}`)
      .join('\n'),
};

/** apt that leaves the packages it is asked for, except those in `lost`; then it fails as apt does. */
function apt(lost: readonly string[] = [], text = debText): Script {
  return {
    ...uris,
    [HELPER]: async (spec) => {
      const asked = askedOf(spec);
      const kept = asked.filter(({ name }) => !lost.includes(name));
      for (const { name, path } of kept) await writeFile(path, text(name));
      if (kept.length < asked.length)
        throw programFailed('apt-helper', 100, ['E: Failed to fetch http://x/y  404  Not Found']);
      return kept.map(({ name }, index) => `Get:${index} ${name}`).join('\n');
    },
  };
}

/** apt that fails in turn with each of some complaints, after leaving what `leave` gives; then it succeeds. */
function flaky(
  complaints: readonly string[],
  leave: (asked: ReturnType<typeof askedOf>, tries: number) => Promise<void> = async () => {},
): { readonly script: Script; readonly asked: string[][] } {
  const asked: string[][] = [];
  const program: Script[string] = async (spec) => {
    const wanted = askedOf(spec);
    asked.push(wanted.map(({ name }) => name));
    await leave(wanted, asked.length);
    const complaint = complaints[asked.length - 1];
    if (complaint !== undefined) throw programFailed('apt-helper', 100, [complaint]);
    for (const { name, path } of wanted) await writeFile(path, debText(name));
    return '';
  };
  return { script: { ...uris, [HELPER]: program }, asked };
}

async function fetch(
  packages: readonly ClosurePackage[],
  script: Script,
  more: { offline?: boolean; destination?: string; wait?: string } = {},
): Promise<{ calls: string[]; progress: string[]; pool: string[]; told: string[] }> {
  const environment = more.wait === undefined ? {} : { MINTMARK_MIRROR_WAIT: more.wait };
  const { context, calls, events } = scriptedContext(scratch.path, script, { environment });
  const aptConfig = await scratch.write('cache/apt/root/apt.conf', '');
  const destination = scratch.join(more.destination ?? 'pool');
  const progress: string[] = [];
  const request = { aptConfig, destination, offline: more.offline ?? false };
  await fetchPackages(packages, request, context, (present, total) => progress.push(`${present}/${total}`));
  const told = events.map((event) => ('text' in event ? event.text : event.type));
  return { calls, progress, pool: (await readdir(destination)).toSorted(), told };
}

const PARTIAL = 'cache/apt/root/cache/archives/partial';
const partial = async (): Promise<string[]> => (await readdir(scratch.join(PARTIAL))).toSorted();
const stored = async (): Promise<string[]> => (await readdir(scratch.join('cache/debs'))).toSorted();

describe('fetchPackages', () => {
  test('fetches what is missing, in one go, and keeps it', async () => {
    const { calls, progress, pool } = await fetch([a, b], apt());
    expect(calls).toEqual(['apt-get download -q --print-uris', HELPER]);
    expect(pool).toEqual(['a_1_all.deb', 'b_1_all.deb']);
    expect(progress).toEqual(['0/2', '0/2', '1/2', '2/2']);
    expect(await partial()).toEqual([]);
    expect(await stored()).toEqual([a.sha256, b.sha256].toSorted());
  });

  test('what the cache has is not fetched again; only the rest is', async () => {
    await fetch([a, b], apt());
    const again = await fetch([a, b, c], apt(['a', 'b']), { destination: 'second' });
    expect(again.progress).toEqual(['2/3', '2/3', '3/3']);
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
    expect(again.calls).toHaveLength(2);
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
    await expect(fetch([a], { ...uris, [HELPER]: () => '' })).rejects.toMatchObject({
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
      'apt-get download -q --print-uris': ({ args }) => {
        seen.push(...args.slice(3));
        throw programFailed('apt-get', 100);
      },
    };
    await rm(scratch.join('cache'), { recursive: true, force: true });
    await expect(fetch([native, b], script)).rejects.toMatchObject({ code: 'E_COMMAND_FAILED' });
    expect(seen).toEqual(['a:amd64=1', 'b=1']);
  });

  test('the index has another package of that name by now', async () => {
    const other = { ...a, sha256: 'f'.repeat(64) };
    await expect(fetch([other], apt())).rejects.toMatchObject({
      code: 'E_MIRROR_INCONSISTENT',
      message: expect.stringContaining('a 1'),
    });
  });
});

describe('fetchPackages, while the mirror has its troubles', () => {
  const CUT =
    'E: Failed to fetch http://x/y  Error reading from server. Remote end closed connection [IP: 1 2]';
  const WRONG = 'E: Failed to fetch http://x/y  Hash Sum mismatch';

  test('asks again, only for what is missing still', async () => {
    const { script, asked } = flaky([CUT, CUT], async ([first], tries) => {
      if (tries === 1) await writeFile(first?.path ?? '', debText('a'));
    });
    const { told, pool } = await fetch([a, b], script);
    expect(asked).toEqual([['a', 'b'], ['b'], ['b']]);
    expect(told).toEqual([
      expect.stringMatching(/now: Error reading from server; trying again in 1 s, for at most 299 s more/),
      expect.stringMatching(/trying again in [12] s, for at most 29\d s more/),
    ]);
    expect(pool).toHaveLength(2);
  });

  test('what has arrived in part stays for the next run', async () => {
    const { script } = flaky([CUT], async ([first]) => writeFile(first?.path ?? '', 'deb'));
    await expect(fetch([a], script, { wait: '0' })).rejects.toMatchObject({
      code: 'E_MIRROR_UNREACHABLE',
      message: 'not now: the mirror did not answer in one try (Error reading from server)',
    });
    expect(await partial()).toEqual([a.sha256]);
    await fetch([a], apt());
    expect(await partial()).toEqual([]);
  });

  test('a package that a killed build left whole needs no mirror', async () => {
    await scratch.write(`${PARTIAL}/${a.sha256}`, debText('a'));
    expect((await fetch([a], {})).pool).toEqual(['a_1_all.deb']);
    expect(await partial()).toEqual([]);
  });

  test('patience begins anew with every byte', async () => {
    let size = 0;
    const many = Array.from({ length: 100 }, () => CUT);
    const { script, asked } = flaky(many, async ([first], tries) => {
      if (tries % 10 === 0) await writeFile(first?.path ?? '', 'x'.repeat((size += 1)));
    });
    await fetch([{ ...a, sizeBytes: 9999 }], script).catch(() => {});
    // 30 pauses take longer than five minutes, so without the bytes it would have ended.
    expect(asked.length).toBeGreaterThan(60);
  });

  test('wrong bytes are thrown away and fetched anew once, even without patience', async () => {
    await scratch.write(`${PARTIAL}/${a.sha256}.FAILED`, 'bad');
    const { script } = flaky([WRONG]);
    expect((await fetch([a], script, { wait: '0' })).pool).toEqual(['a_1_all.deb']);
    expect(await partial()).toEqual([]);
    const hopeless = flaky([WRONG, WRONG, WRONG]);
    await expect(fetch([b], hopeless.script)).rejects.toMatchObject({ code: 'E_MIRROR_INCONSISTENT' });
    expect(hopeless.asked).toHaveLength(2);
  });

  test('"not there" is told at once', async () => {
    const { script, asked } = flaky(['E: Failed to fetch http://x/a.deb  404  Not Found [IP: 127.0.0.1 80]']);
    await expect(fetch([a], script)).rejects.toMatchObject({
      code: 'E_MIRROR_LACKS_SUITE',
      message: 'not there: the mirror answers but does not have http://x/a.deb',
    });
    expect(asked).toHaveLength(1);
  });

  test('two builds at once fetch a package once', async () => {
    const script = apt();
    const runs = await Promise.all([fetch([a], script), fetch([a], script, { destination: 'second' })]);
    expect(runs.flatMap(({ calls }) => calls).filter((call) => call === HELPER)).toHaveLength(1);
    expect(runs.map(({ pool }) => pool)).toEqual([['a_1_all.deb'], ['a_1_all.deb']]);
    expect(runs.flatMap(({ told }) => told)).toEqual([expect.stringContaining('another build')]);
  });
});
