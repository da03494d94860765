import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/errors/failure.ts';
import type { Runner } from '../../../src/host/run.ts';
import { NEEDED_FILES, TOOLS, toolNamed } from '../../../src/host/tool-table.ts';
import {
  compareDotted,
  packerCommand,
  packerLicence,
  probeTools,
  requireTools,
  type ProbedTool,
} from '../../../src/host/tools.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mintmark-tools-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function install(...names: string[]): Promise<void> {
  for (const name of names) await writeFile(join(directory, name), '', { mode: 0o755 });
}

/** Prints these texts, by the base name of the program; everything else fails. */
function printing(texts: Record<string, { stdout?: string; stderr?: string }>): Runner {
  return async (spec) => {
    const text = texts[spec.command.split('/').at(-1) ?? ''];
    if (text === undefined) throw new Failure('command', 'E_COMMAND_FAILED', `${spec.command} failed`);
    return { stdout: '', stderr: '', exitCode: 0, durationMs: 1, ...text };
  };
}

const toyPath = () => ({ PATH: directory });

const interrupted: Runner = async () => {
  throw new Failure('interrupted', 'E_INTERRUPTED', 'Ctrl-C');
};

const probed = (program: string, more: Partial<ProbedTool>): ProbedTool => ({
  tool: toolNamed(program),
  name: program,
  path: undefined,
  version: undefined,
  status: 'missing',
  ...more,
});

describe('the table', () => {
  test.each(TOOLS.map((tool) => [tool.program, tool] as const))('%s is complete', (_name, tool) => {
    expect(tool.program).toMatch(/^[a-z0-9_.-]+$/);
    expect(tool.package).toMatch(/^[a-z0-9][a-z0-9+.-]+$/);
    expect(tool.purpose).toMatch(/^[a-z0-9].*[^.]$/);
    if (tool.minimum !== undefined) {
      expect(tool.minimum).toMatch(/^\d+(\.\d+)+$/);
      expect(tool.version).toBeDefined();
    }
  });

  test('names no program twice, and its files are absolute', () => {
    expect(new Set(TOOLS.map((tool) => tool.program)).size).toBe(TOOLS.length);
    for (const needed of NEEDED_FILES) expect(needed.file).toMatch(/^\//);
    expect(() => toolNamed('frob')).toThrow('frob is missing in src/host/tools.json');
  });
});

describe('probeTools', () => {
  test.each([
    {
      program: 'packer',
      text: { stdout: '1795257563,,version,1.6.6\n1795257563,,version-prelease,\n' },
      version: '1.6.6',
      status: 'ok',
      because: 'machine-readable; the number before it is the time',
    },
    {
      program: 'packer',
      text: { stdout: '1795257563,,version,1.6.4\n' },
      version: '1.6.4',
      status: 'old',
      because: '1.6.4 cannot build without a communicator',
    },
    {
      program: 'qemu-system-x86_64',
      text: { stdout: 'QEMU emulator version 10.0.13 (Debian 1:10.0.13+ds-0+deb13u1)\n' },
      version: '10.0.13',
      status: 'ok',
      because: 'ten is more than seven',
    },
    {
      program: 'mke2fs',
      text: { stderr: 'mke2fs 1.47.0 (5-Feb-2023)\n' },
      version: '1.47.0',
      status: 'ok',
      because: 'it speaks on standard error',
    },
    {
      program: 'zstd',
      text: { stdout: '*** Zstandard CLI (64-bit) v1.5.4, by Yann Collet ***\n' },
      version: '1.5.4',
      status: 'ok',
      because: '64 is no version',
    },
    {
      program: 'mmdebstrap',
      text: { stdout: 'no number at all' },
      version: undefined,
      status: 'old',
      because: 'a version that nobody can read is none',
    },
  ])('$program: $because', async ({ program, text, version, status }) => {
    await install(program);
    const request = { programs: [program], environment: toyPath() };
    const [found] = await probeTools(printing({ [program]: text }), request);
    expect(found).toMatchObject({ path: join(directory, program), version, status });
  });

  test('the version of ssh-keygen is that of ssh', async () => {
    await install('ssh-keygen');
    const runner = printing({ ssh: { stderr: 'OpenSSH_9.2p1 Debian-2+deb12u6, OpenSSL 3.0.19\n' } });
    const [found] = await probeTools(runner, { programs: ['ssh-keygen'], environment: toyPath() });
    expect(found).toMatchObject({ version: '9.2', status: 'ok' });
  });

  test('a program that breaks when asked counts as old, a missing one as missing', async () => {
    await install('mmdebstrap');
    const found = await probeTools(printing({}), {
      programs: ['mmdebstrap', 'packer'],
      packer: '/nowhere/packer',
      environment: { PATH: directory },
    });
    expect(found.map(({ status }) => status)).toEqual(['old', 'missing']);
  });

  test.each([
    { uid: 0, needs: false, because: 'root maps ids without help' },
    { uid: 1000, needs: true, because: 'an ordinary user cannot' },
  ])('newuidmap for user $uid: $needs, because $because', async ({ uid, needs }) => {
    const found = await probeTools(printing({}), { environment: toyPath(), uid });
    expect(found.some((tool) => tool.tool.program === 'newuidmap')).toBe(needs);
    expect(found.some((tool) => tool.tool.program === 'shellcheck')).toBe(false);
  });

  test('an interruption is passed on', async () => {
    await install('zstd');
    await expect(
      probeTools(interrupted, { programs: ['zstd'], environment: toyPath() }),
    ).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
  });
});

test.each([
  { packer: '/a', environment: { MINTMARK_PACKER: '/b' }, command: '/a', because: 'the option wins' },
  {
    packer: undefined,
    environment: { MINTMARK_PACKER: '/b' },
    command: '/b',
    because: 'then the environment',
  },
  { packer: undefined, environment: { MINTMARK_PACKER: '' }, command: 'packer', because: 'empty is unset' },
  { packer: undefined, environment: {}, command: 'packer', because: 'else PATH' },
])('packer: $because', ({ packer, environment, command }) => {
  expect(packerCommand({ packer, environment })).toBe(command);
});

describe('requireTools', () => {
  test('lets good ones pass', () => {
    const good = [probed('zstd', { status: 'ok' })];
    expect(requireTools(good)).toBe(good);
  });

  test('names every bad one and the one command that helps', () => {
    const bad = [
      probed('zstd', {}),
      probed('qemu-img', { status: 'old', version: '5.2' }),
      probed('packer', { name: '/opt/packer' }),
    ];
    expect(() => requireTools(bad)).toThrow('this machine lacks a usable zstd, qemu-img, /opt/packer');
    try {
      requireTools(bad);
    } catch (error) {
      expect(error).toMatchObject({
        kind: 'host',
        code: 'E_TOOLS_MISSING',
        details: [
          'zstd is not installed (packs changelogs and logs; 1.4.4 brought --stream-size)',
          'qemu-img 5.2 is too old: 7.1 or later is needed',
          '/opt/packer is no program that can be run',
        ],
        hint: expect.stringMatching(
          /^apt-get install --no-install-recommends zstd qemu-utils packer; .*--packer/,
        ),
      });
    }
  });
});

test.each([
  { version: '1.6.6', licence: 'MPL' },
  { version: '1.9.5', licence: 'MPL' },
  { version: '1.10.0', licence: 'BUSL' },
  { version: '2.0', licence: 'BUSL' },
])('Packer $version is under the $licence', ({ version, licence }) => {
  expect(packerLicence(version)).toBe(licence);
});

test.each([
  { a: '1.10', b: '1.9', sign: 1 },
  { a: '1.6', b: '1.6.0', sign: 0 },
  { a: '7.1', b: '7.1.1', sign: -1 },
])('compareDotted $a $b', ({ a, b, sign }) => {
  expect(Math.sign(compareDotted(a, b))).toBe(sign);
});
