import { readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Profile } from '../../../src/profiles/profile.ts';
import type { CommandSpec } from '../../../src/values/command-spec.ts';
import {
  resolveClosure,
  type MirrorChoice,
  type ResolvedClosure,
} from '../../../src/workflows/resolve-closure.ts';
import { resolveBuiltIn } from '../profiles/resolve-built-in.ts';
import { useScratchDirectory } from './scratch-directory.ts';
import { programFailed, scriptedContext, type Script } from './scripted-runner.ts';

const scratch = useScratchDirectory('closure');
const HOST =
  'http://mirror.example/debian bookworm main Debian\nhttp://mirror.example/debian-security bookworm-security main Debian\n';
const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];

/** Names of the index files that apt keeps for the three sources of a suite. */
const INDICES = ['trixie', 'trixie-updates', 'trixie-security'].map(
  (suite) => `mirror.example_debian_dists_${suite}_InRelease`,
);

interface AptScript {
  /** Text of every index. */
  readonly index?: string;
  readonly indices?: readonly string[];
  readonly host?: string;
  readonly more?: Script;
}

/** apt that knows one package, and the host's own. */
function apt({
  index = 'Date: Fri, 20 Nov 2026 20:00:00 UTC\n',
  indices = INDICES,
  host = HOST,
  more = {},
}: AptScript = {}): Script {
  return {
    'apt-config dump': () =>
      'Acquire::http::Proxy "http://proxy.example:3128";\nAPT::Install-Recommends "true";\n',
    'apt-get indextargets': () => host,
    'apt-get update': async (spec) => {
      const lists = join(dirname(spec.env?.['APT_CONFIG'] ?? ''), 'lists');
      for (const name of indices) await writeFile(join(lists, name), index);
      return '';
    },
    'apt-get install -y --print-uris': () => `'http://x/bash.deb' bash_5_amd64.deb 10 SHA256:${A}\n`,
    'apt-get download --print-uris busybox-static': () =>
      `'http://x/b.deb' busybox-static_1_amd64.deb 10 SHA256:${B}\n`,
    'apt-cache show': () => `Package: bash\nVersion: 5\nSHA256: ${A}\n`,
    ...more,
  };
}

async function resolve(
  script: Script,
  choice: Partial<MirrorChoice> = {},
  profile: Profile = resolveBuiltIn('server').profile,
): Promise<{ closure: ResolvedClosure; calls: string[] }> {
  const { context, calls } = scriptedContext(scratch.path, script);
  const closure = await resolveClosure(profile, { offline: false, sourceKeys: {}, ...choice }, context);
  return { closure, calls };
}

const HOST_CALLS = ['apt-config dump', 'apt-get indextargets'];
const RESOLVER_CALLS = [
  'apt-get install -y --print-uris',
  'apt-get download --print-uris busybox-static',
  'apt-cache show',
];

describe('resolveClosure', () => {
  test('names every package by version and digest, and the indices it comes from', async () => {
    const { closure, calls } = await resolve(apt());
    expect(calls).toEqual([...HOST_CALLS, 'apt-get update', ...RESOLVER_CALLS]);
    expect(closure.packages).toMatchObject([{ name: 'bash', version: '5', sha256: A }]);
    expect(closure.busybox).toMatchObject({ name: 'busybox-static', sha256: B });
    expect(closure.mirrors.map(({ suite, date }) => [suite, date])).toEqual([
      ['trixie-security', '2026-11-20T20:00:00.000Z'],
      ['trixie-updates', '2026-11-20T20:00:00.000Z'],
      ['trixie', '2026-11-20T20:00:00.000Z'],
    ]);
    expect(closure.chosenMirrors.main).toBe('http://mirror.example/debian');
  });

  test('the host’s proxy comes along, its other settings do not', async () => {
    const { closure } = await resolve(apt());
    const config = await scratch.read(closure.aptConfig.slice(scratch.path.length));
    expect(config).toContain('Acquire::http::Proxy "http://proxy.example:3128";');
    expect(config).toContain('APT::Install-Recommends "false";');
  });

  test('equal indices answer without the resolver; changed ones do not', async () => {
    await resolve(apt());
    expect((await resolve(apt())).calls).toEqual([...HOST_CALLS, 'apt-get update']);
    expect((await resolve(apt({ index: 'Date: Sat, 21 Nov 2026 08:00:00 UTC\n' }))).calls).toContain(
      'apt-cache show',
    );
  });

  test('an index that is signed apart counts as one, too', async () => {
    const apart = INDICES.map((name) => name.replace('InRelease', 'Release'));
    await resolve(apt({ indices: apart }));
    const { closure, calls } = await resolve(
      apt({ indices: apart, index: 'Date: Sat, 21 Nov 2026 08:00:00 UTC\n' }),
    );
    expect(closure.mirrors.map(({ suite }) => suite)).toContain('trixie-security');
    expect(calls).toContain('apt-cache show');
  });

  test('a damaged closure is only a miss', async () => {
    const { closure } = await resolve(apt());
    const closures = join(dirname(closure.aptConfig), 'closures');
    for (const name of await readdir(closures))
      await writeFile(join(closures, name), '{"sha256":"x","value":{}}');
    expect((await resolve(apt())).calls).toContain('apt-cache show');
  });

  test('offline, what is known answers; what is not is told', async () => {
    await expect(resolve(apt(), { offline: true })).rejects.toMatchObject({
      kind: 'host',
      code: 'E_OFFLINE_EMPTY',
    });
    await resolve(apt());
    expect((await resolve(apt(), { offline: true })).calls).toEqual(HOST_CALLS);
  });

  test('every package wanted, none that is excluded', async () => {
    const { profile } = resolveBuiltIn('server', {
      own: { extends: ['server'], packages: { exclude: ['nano'] } },
    });
    let words: readonly string[] = [];
    const install = ({ args }: CommandSpec): string => {
      words = args;
      return `'http://x/bash.deb' bash_5_amd64.deb 10 SHA256:${A}\n`;
    };
    await resolve(apt({ more: { 'apt-get install -y --print-uris': install } }), {}, profile);
    expect(words).toEqual(
      expect.arrayContaining(['?essential', '?priority(required)', 'cloud-init', 'grub-pc', 'nano-']),
    );
  });

  test.each([
    { host: '', choice: {}, code: 'E_MIRROR_UNKNOWN', because: 'nobody names a mirror' },
    {
      host: '',
      choice: { mirror: 'http://named.example/debian' },
      code: undefined,
      because: 'one was named',
    },
  ])('$because', async ({ host, choice, code }) => {
    const resolving = resolve(apt({ host }), choice);
    if (code === undefined)
      await expect(resolving).resolves.toMatchObject({ closure: { chosenMirrors: { main: choice.mirror } } });
    else await expect(resolving).rejects.toMatchObject({ kind: 'host', code });
  });

  test('a host whose own sources are in disorder builds from a mirror that is named', async () => {
    const broken: Script = {
      'apt-get indextargets': () => {
        throw programFailed('apt-get', 100, ['E: Malformed entry 1 in list file']);
      },
    };
    await expect(
      resolve(apt({ more: broken }), { mirror: 'http://named.example/debian' }),
    ).resolves.toBeDefined();
    await expect(resolve(apt({ more: broken }))).rejects.toMatchObject({ code: 'E_MIRROR_UNKNOWN' });
  });

  test.each([
    {
      call: 'apt-get update',
      line: 'E: Failed to fetch x  Could not connect to y',
      code: 'E_MIRROR_UNREACHABLE',
      kind: 'host',
    },
    {
      call: 'apt-get install -y --print-uris',
      line: 'E: Unable to locate package nano',
      code: 'E_PACKAGE_UNKNOWN',
      kind: 'profile',
    },
  ])('$call failing is $code', async ({ call, line, code, kind }) => {
    const fail = (): never => {
      throw programFailed('apt-get', 100, [line]);
    };
    await expect(resolve(apt({ more: { [call]: fail } }))).rejects.toMatchObject({ code, kind });
  });

  test('a mirror that does not answer now is asked again', async () => {
    let asked = 0;
    const update: Script[string] = (spec, options) => {
      asked += 1;
      if (asked <= 2) throw programFailed('apt-get', 100, ['E: Failed to fetch x  503  Service Unavailable']);
      return apt()['apt-get update']?.(spec, options);
    };
    const { closure } = await resolve(apt({ more: { 'apt-get update': update } }));
    expect(closure.packages).toHaveLength(1);
    expect(asked).toBe(3);
  });

  test('a MINTMARK_MIRROR_WAIT that is no number is told before anything is asked', async () => {
    const environment = { MINTMARK_MIRROR_WAIT: 'soon' };
    const { context, calls } = scriptedContext(scratch.path, apt(), { environment });
    const { profile } = resolveBuiltIn('server');
    const resolving = resolveClosure(profile, { offline: false, sourceKeys: {} }, context);
    await expect(resolving).rejects.toMatchObject({ kind: 'usage', code: 'E_MIRROR_WAIT' });
    expect(calls).not.toContain('apt-get update');
  });

  test.each([
    { name: 'with space', works: false },
    { name: 'with"quote', works: false },
    { name: 'a[b]', works: false },
    { name: 'ünïcode', works: true },
    { name: 'a+b_c~1@host', works: true },
  ])('a cache in $name: works is $works', async ({ name, works }) => {
    const { context } = scriptedContext(scratch.join(name), apt());
    const resolving = resolveClosure(
      resolveBuiltIn('server').profile,
      { offline: false, sourceKeys: {} },
      context,
    );
    if (works) await expect(resolving).resolves.toBeDefined();
    else await expect(resolving).rejects.toMatchObject({ kind: 'host', code: 'E_CACHE_PATH' });
  });

  test('a cache that is deleted between two builds is made again', async () => {
    await resolve(apt());
    await rm(scratch.join('cache'), { recursive: true });
    expect((await resolve(apt())).closure.packages).toHaveLength(1);
  });

  test('a file in the place of the cache is one clear failure', async () => {
    await scratch.write('cache', '');
    await expect(resolve(apt())).rejects.toMatchObject({ kind: 'host', code: 'E_CACHE_SHAPE' });
  });
});
