import { mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { ClosurePackage } from '../../../src/bases/closure.ts';
import { deriveDiskIdentifiers } from '../../../src/bases/derived-identifiers.ts';
import { parseGpt } from '../../../src/disks/gpt.ts';
import type { CommandSpec } from '../../../src/values/command-spec.ts';
import type { WorkflowContext } from '../../../src/workflows/build-request.ts';
import { baseKey, makeBase, type BaseRequest, type MadeBase } from '../../../src/workflows/make-base.ts';
import { readRootPartitionOffset } from '../../../src/workflows/read-guest.ts';
import { workDirectories } from '../../../src/workflows/work-directory.ts';
import { readPart } from '../../read-part.ts';
import { resolveBuiltIn } from '../profiles/resolve-built-in.ts';
import { debText, samplePackage } from './sample-base.ts';
import { useScratchDirectory } from './scratch-directory.ts';
import { programFailed, scriptedContext, type Script } from './scripted-runner.ts';

const scratch = useScratchDirectory('make-base');
const PACKAGES = [samplePackage('bash'), samplePackage('grub-pc')];
const BUSYBOX = samplePackage('busybox-static');

function requestFor(more: Partial<BaseRequest> = {}): BaseRequest {
  const closure = {
    packages: PACKAGES,
    busybox: BUSYBOX,
    index: PACKAGES.map(({ name }) => `Package: ${name}\nInstalled-Size: 10\n`).join('\n'),
    mirrors: [{ suite: 'trixie', inReleaseSha256: 'x', date: '2026-11-20T00:00:00.000Z' }],
    aptConfig: scratch.join('cache/apt/root/apt.conf'),
    sources: [],
    chosenMirrors: { main: 'http://mirror.example/debian' },
  };
  const { profile } = resolveBuiltIn('server');
  return { profile, closure, sourceKeys: {}, builderDigests: {}, offline: true, rebuild: false, ...more };
}

const status = (packages: readonly ClosurePackage[]): string =>
  packages
    .map(
      ({ name, version }) =>
        `Package: ${name}\nStatus: install ok installed\nVersion: ${version}\nArchitecture: all\nInstalled-Size: 1\n`,
    )
    .join('\n');

/** Leaves what `tree.sh` would leave. */
async function makeTree(
  { args }: CommandSpec,
  installed: readonly ClosurePackage[] = PACKAGES,
): Promise<string> {
  const out = args.at(-1) ?? '';
  const files = {
    'disk.raw': 'raw',
    'boot.img': 'b'.repeat(512),
    'core.img': 'c'.repeat(1024),
    'esp/EFI/BOOT/BOOTX64.EFI': 'e'.repeat(700),
    'dpkg-status': status(installed),
    vmlinuz: 'k',
    'microvm.cpio.gz': 'i',
    'changelogs.tar.zst': 'z',
  };
  await mkdir(join(out, 'esp/EFI/BOOT'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(out, name), text);
  return 'mintmark: installing packages\nSetting up bash (1) ...\nmintmark: done';
}

async function convert({ args }: CommandSpec): Promise<string> {
  await writeFile(args.at(-1) ?? '', 'qcow2');
  return '';
}

/** The check of namespaces, and the tree that is made in them. */
async function namespaces(spec: CommandSpec): Promise<string> {
  return spec.args.at(-1) === 'true' ? '' : makeTree(spec);
}

/** Tools that make a base at once; any of them may be replaced. */
function tools(more: Script = {}): Script {
  return { unshare: namespaces, 'qemu-img convert': convert, ...more };
}

async function plantPackages(): Promise<void> {
  await mkdir(scratch.join('cache/debs'), { recursive: true });
  for (const { name, sha256 } of [...PACKAGES, BUSYBOX]) {
    await writeFile(scratch.join('cache/debs', sha256), debText(name));
  }
}

async function make(
  script: Script,
  more: Partial<BaseRequest> = {},
  contextMore: Partial<WorkflowContext> = {},
): Promise<{ base: MadeBase; calls: string[]; progress: string[] }> {
  await plantPackages();
  const { context, calls } = scriptedContext(scratch.path, script, contextMore);
  const progress: string[] = [];
  const base = await makeBase(requestFor(more), scratch.join('run'), context, (detail) =>
    progress.push(detail),
  );
  return { base, calls, progress };
}

describe('makeBase', () => {
  test('makes what the cache lacks, and tells how far it is', async () => {
    const { base, calls, progress } = await make(tools());
    expect(base).toMatchObject({ cached: false, directory: scratch.join('run') });
    expect(base.entry).toMatchObject({
      schema: 1,
      key: baseKey(requestFor()),
      method: 'bootstrap',
      rootOffsetBytes: 1048576,
    });
    expect(base.entry.packages.map(({ name }) => name)).toEqual(['bash', 'grub-pc']);
    expect(calls).toEqual(['unshare', 'unshare', 'qemu-img convert']);
    expect(progress).toEqual([
      'fetching packages: 3 of 3',
      'installing packages',
      'installing packages: bash',
      'done',
      'writing the base disk',
    ]);
    expect(await readdir(scratch.join(workDirectories('cache')))).toEqual([]);
  });

  test('takes what the cache has, without running anything', async () => {
    await make(tools());
    const { base, calls } = await make({});
    expect(base.cached).toBe(true);
    expect(calls).toEqual([]);
  });

  test('two at once make it once', async () => {
    const both = await Promise.all([make(tools()), make(tools())]);
    expect(both.filter(({ base }) => base.cached)).toHaveLength(1);
  });

  test('makes it again when asked to, and when the cached one is damaged', async () => {
    await make(tools());
    expect((await make(tools(), { rebuild: true })).base.cached).toBe(false);
    await truncate(scratch.join('cache/bases', baseKey(requestFor()), 'base.qcow2'), 2);
    expect((await make(tools())).base.cached).toBe(false);
  });

  test.each([
    {
      script: {
        unshare: () => {
          throw programFailed('unshare', 1, ['unshare: Operation not permitted']);
        },
      },
      code: 'E_NAMESPACES',
      kind: 'host',
      because: 'this container may not make namespaces: said before anything is fetched',
    },
    {
      script: {
        unshare: ({ args }: CommandSpec) => {
          if (args.at(-1) !== 'true') throw programFailed('unshare', 1, ['E: broken']);
          return '';
        },
      },
      code: 'E_BOOTSTRAP_FAILED',
      kind: 'command',
      because: 'mmdebstrap failed',
    },
    {
      script: {
        unshare: ({ args }: CommandSpec) => {
          if (args.at(-1) !== 'true') throw programFailed('unshare', 28);
          return '';
        },
      },
      code: 'E_DISK_TOO_SMALL',
      kind: 'profile',
      because: 'the tree does not fit into the disk',
    },
    {
      script: {
        unshare: (spec: CommandSpec) =>
          spec.args.at(-1) === 'true' ? '' : makeTree(spec, PACKAGES.slice(1)),
      },
      code: 'E_CLOSURE_NOT_INSTALLED',
      kind: 'command',
      because: 'mmdebstrap left a package out',
    },
    {
      script: {
        unshare: (spec: CommandSpec) =>
          spec.args.at(-1) === 'true' ? '' : makeTree(spec, [...PACKAGES, BUSYBOX]),
      },
      code: 'E_CLOSURE_NOT_INSTALLED',
      kind: 'command',
      because: 'mmdebstrap installed one more',
    },
  ])('$code: $because', async ({ script, code, kind }) => {
    await expect(make(tools(script))).rejects.toMatchObject({ code, kind });
    expect(await readdir(scratch.join(workDirectories('cache')))).toEqual([]);
    expect(await readdir(scratch.join('cache/bases')).catch((): string[] => [])).toEqual([]);
  });

  test('the whole log of a failed bootstrap stays, and is named', async () => {
    const failing: Script = {
      unshare: ({ args }, { onLine }) => {
        if (args.at(-1) === 'true') return '';
        onLine?.('mintmark: configuring', 'stdout');
        onLine?.('E: broken', 'stderr');
        throw programFailed('unshare', 1);
      },
    };
    const log = `logs/base-${baseKey(requestFor()).slice(0, 16)}.log`;
    await expect(make(tools(failing))).rejects.toMatchObject({
      message: 'the base disk could not be made: configuring failed',
      hint: expect.stringContaining(log),
    });
    expect(await scratch.read(`cache/${log}`)).toBe('mintmark: configuring\nE: broken\n');
  });

  test('a build keeps the log of its base, made or not, and a failure names it', async () => {
    const logFile = scratch.join('run/bootstrap.log');
    await make(tools(), { logFile });
    const log = 'mintmark: installing packages\nSetting up bash (1) ...\nmintmark: done\n';
    expect(await scratch.read('run/bootstrap.log')).toBe(log);
    const failing: Script = {
      unshare: ({ args }, { onLine }) => {
        if (args.at(-1) === 'true') return '';
        onLine?.('E: broken', 'stderr');
        throw programFailed('unshare', 1);
      },
    };
    await expect(make(tools(failing), { logFile, rebuild: true })).rejects.toMatchObject({
      hint: `the whole log is in ${logFile}`,
      evidence: { log: logFile },
    });
    expect(await scratch.read('run/bootstrap.log')).toBe('E: broken\n');
    expect(await readdir(scratch.join('cache'))).not.toContain('logs');
  });

  test('no log where the base came from the cache', async () => {
    await make(tools());
    await make({}, { logFile: scratch.join('run/bootstrap.log') });
    expect(await readdir(scratch.join('run'))).not.toContain('bootstrap.log');
  });

  test.each([
    { swapMiB: 64, rootMiB: 65, magic: 'SWAPSPACE2', because: 'the partition is swap that a guest can use' },
    { swapMiB: 0, rootMiB: 1, magic: '\0'.repeat(10), because: 'the root begins there' },
  ])('$swapMiB MiB of swap: $because', async ({ swapMiB, rootMiB, magic }) => {
    const { profile } = resolveBuiltIn('server');
    let page: Buffer = Buffer.alloc(0);
    const keepPage = async (spec: CommandSpec): Promise<string> => {
      page = await readPart(spec.args.at(-2) ?? '', 1024 * 1024, 4096);
      return convert(spec);
    };
    const more = { profile: { ...profile, disk: { ...profile.disk, swapMiB } } };
    const { base } = await make(tools({ 'qemu-img convert': keepPage }), more);
    expect(page.toString('latin1', 4086)).toBe(magic);
    expect(base.entry.rootOffsetBytes).toBe(rootMiB * 1024 * 1024);
    if (swapMiB === 0) return;
    const { swapUuid } = deriveDiskIdentifiers(base.entry.key);
    expect(page.toString('hex', 1036, 1052)).toBe(swapUuid.replaceAll('-', ''));
    expect(page.readUInt32LE(1028)).toBe((swapMiB * 1024 * 1024) / 4096 - 1);
  });

  test.each([
    { layout: 'uefi', espMiB: 1, rootMiB: 129, kernelSector: 0n, because: 'no code for a BIOS' },
    { layout: 'hybrid', espMiB: 2, rootMiB: 130, kernelSector: 2048n, because: 'its code is in a partition' },
  ] as const)('a disk of layout $layout has a GPT and an ESP: $because', async (row) => {
    const { profile } = resolveBuiltIn('server');
    let start: Buffer = Buffer.alloc(0);
    let end: Buffer = Buffer.alloc(0);
    let esp: Buffer = Buffer.alloc(0);
    let rootOffset = 0;
    const keep = async (spec: CommandSpec): Promise<string> => {
      const raw = spec.args.at(-2) ?? '';
      start = await readPart(raw, 0, 34 * 512);
      end = await readPart(raw, 4096 * 1024 * 1024 - 512, 512);
      esp = await readPart(raw, row.espMiB * 1024 * 1024, 4 * 1024 * 1024);
      rootOffset = await readRootPartitionOffset(raw);
      return convert(spec);
    };
    const more = { profile: { ...profile, disk: { ...profile.disk, layout: row.layout } } };
    const { base } = await make(tools({ 'qemu-img convert': keep }), more);
    const { guids, espVolumeId } = deriveDiskIdentifiers(base.entry.key);
    expect(parseGpt(start).diskGuid).toBe(guids.disk);
    expect(end.toString('latin1', 0, 8)).toBe('EFI PART');
    expect(start.readBigUInt64LE(0x5c)).toBe(row.kernelSector);
    expect([rootOffset, base.entry.rootOffsetBytes]).toEqual(Array(2).fill(row.rootMiB * 1024 * 1024));
    expect([esp.toString('latin1', 82, 87), esp.readUInt32LE(67)]).toEqual(['FAT32', espVolumeId]);
    expect(esp.includes('e'.repeat(700))).toBe(true);
  });

  test('an interruption in the middle leaves neither work nor entry', async () => {
    const controller = new AbortController();
    const stopping: Script = {
      unshare: async (spec) => {
        if (spec.args.at(-1) === 'true') return '';
        controller.abort(new Error('stop'));
        return makeTree(spec);
      },
    };
    await expect(make(tools(stopping), {}, { signal: controller.signal })).rejects.toThrow('stop');
    expect(await readdir(scratch.join(workDirectories('cache')))).toEqual([]);
  });

  test('a cache that is deleted meanwhile is told as that', async () => {
    const deleting: Script = {
      unshare: async (spec) => {
        if (spec.args.at(-1) === 'true') return '';
        await rm(scratch.join('cache'), { recursive: true });
        throw programFailed('unshare', 1);
      },
    };
    await expect(make(tools(deleting))).rejects.toMatchObject({ kind: 'host', code: 'E_CACHE_LOST' });
    expect((await make(tools())).base.cached).toBe(false);
  });

  test('what a killed build left in the cache is swept', async () => {
    const owner = { pid: 2 ** 22 + 1, startTicks: 1, bootId: 'before', host: 'x', pidNamespace: 'x' };
    const { hostname } = await import('node:os');
    await scratch.write(
      `${workDirectories('cache')}/dead/owner.json`,
      JSON.stringify({ ...owner, host: hostname() }),
    );
    await make(tools());
    expect(await readdir(scratch.join(workDirectories('cache')))).toEqual([]);
  });

  test('the cache is kept within the limit that the environment gives', async () => {
    await scratch.write('cache/bases/other/base.qcow2', Buffer.alloc(2 * 1024 * 1024, 1));
    await make(tools(), {}, { environment: { MINTMARK_CACHE_MAX_GIB: '0.001' } });
    expect(await readdir(scratch.join('cache/bases'))).toEqual([baseKey(requestFor())]);
  });

  test('a file in the place of the cache is one clear failure', async () => {
    await scratch.write('cache', 'a file');
    const { context } = scriptedContext(scratch.path, {});
    await expect(makeBase(requestFor(), scratch.join('run'), context)).rejects.toMatchObject({
      kind: 'host',
      code: 'E_CACHE_SHAPE',
    });
  });
});

describe('baseKey', () => {
  const { profile, closure } = ((): BaseRequest => requestFor())();
  const bash2 = samplePackage('bash', '2');
  test.each([
    { more: {}, same: true, because: 'nothing changed' },
    {
      more: { closure: { ...closure, chosenMirrors: { main: 'http://other.example/debian' } } },
      same: true,
      because: 'the same packages came from another mirror',
    },
    {
      more: { closure: { ...closure, mirrors: [] } },
      same: true,
      because: 'an index was renewed without a change for us',
    },
    { more: { profile: { ...profile, name: 'other' } }, same: true, because: 'names are given later' },
    {
      more: { closure: { ...closure, packages: [bash2, ...PACKAGES.slice(1)] } },
      same: false,
      because: 'a package has a new version',
    },
    {
      more: {
        closure: { ...closure, packages: PACKAGES.map((entry) => ({ ...entry, sha256: 'f'.repeat(64) })) },
      },
      same: false,
      because: 'the same versions have other bytes',
    },
    {
      more: { closure: { ...closure, busybox: bash2 } },
      same: false,
      because: 'the microvm’s busybox changed',
    },
    {
      more: { profile: { ...profile, disk: { ...profile.disk, swapMiB: 64 } } },
      same: false,
      because: 'the disk is laid out otherwise',
    },
    { more: { builderDigests: { 'base/tree.sh': 'x' } }, same: false, because: 'our own script changed' },
  ])('$same: $because', ({ more, same }) => {
    expect(baseKey(requestFor(more)) === baseKey(requestFor())).toBe(same);
  });
});
