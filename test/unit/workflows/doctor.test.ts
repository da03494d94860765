import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/errors/failure.ts';
import type { Runner } from '../../../src/host/run.ts';
import { NEEDED_FILES, TOOLS } from '../../../src/host/tool-table.ts';
import type { CommandSpec } from '../../../src/values/command-spec.ts';
import type { WorkflowContext } from '../../../src/workflows/build-request.ts';
import { parseIndexDates } from '../../../src/workflows/doctor-mirror.ts';
import { runDoctor, type DoctorReport } from '../../../src/workflows/doctor.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mintmark-doctor-test-'));
  for (const tool of TOOLS) await file(`bin/${tool.program}`, '', 0o755);
  for (const needed of NEEDED_FILES) await file(needed.file, '');
  await file('boot/vmlinuz-6.1.0-1-amd64', '');
  await mkdir(join(root, 'lib/modules/6.1.0-1-amd64'), { recursive: true });
  await file('etc/subuid', 'someone:100000:65536\nmint:200000:65536\n');
  await file('etc/subgid', '1000:200000:65536\n');
  await file('proc/meminfo', 'MemTotal: 8000000 kB\nMemAvailable: 6000000 kB\n');
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function file(path: string, text: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text, { mode });
}

const NOW = new Date('2026-11-21T07:00:00Z');
const FRESH = 'Date: Fri, 20 Nov 2026 20:00:00 UTC\nValid-Until: Fri, 27 Nov 2026 20:00:00 UTC\n';

/** What the programs say; `version` and `index` by the name of the program or suite. */
interface Script {
  readonly version?: Readonly<Record<string, string>>;
  readonly index?: Readonly<Record<string, string | undefined>>;
  readonly targets?: string;
  readonly unshare?: Failure;
}

const TARGETS =
  'http://mirror.example/debian/ bookworm main Debian\nhttp://mirror.example/debian-security/ bookworm-security main Debian\n';

function scripted(script: Script): { runner: Runner; specs: CommandSpec[] } {
  const specs: CommandSpec[] = [];
  const runner: Runner = async (spec) => {
    specs.push(spec);
    return { stdout: await answer(spec, script), stderr: '', exitCode: 0, durationMs: 1 };
  };
  return { runner, specs };
}

async function answer(spec: CommandSpec, script: Script): Promise<string> {
  const program = spec.command.split('/').at(-1) ?? '';
  if (program === 'apt-helper') return download(spec, script);
  if (spec.args[0] === 'indextargets') return script.targets ?? TARGETS;
  if (program === 'unshare' && spec.args[0] !== '--version') {
    if (script.unshare) throw script.unshare;
    return '';
  }
  return script.version?.[program] ?? 'version 99.0';
}

async function download(spec: CommandSpec, script: Script): Promise<string> {
  const [url = '', path = ''] = spec.args.slice(-2);
  const suite = url.split('/').at(-2) ?? '';
  const text = script.index !== undefined && suite in script.index ? script.index[suite] : FRESH;
  if (text === undefined) throw aptHelperFailed([]);
  if (text.startsWith('E: ')) throw aptHelperFailed([text]);
  await writeFile(path, text);
  return '';
}

function aptHelperFailed(details: readonly string[]): Failure {
  return new Failure('command', 'E_COMMAND_FAILED', 'apt-helper failed', { details });
}

async function doctor(
  script: Script = {},
  more: { uid?: number; offline?: boolean; mirror?: string; architecture?: string; freeGiB?: number } = {},
) {
  const { runner, specs } = scripted(script);
  const context: WorkflowContext = {
    emit: () => undefined,
    signal: new AbortController().signal,
    clock: { now: () => NOW },
    run: runner,
    directories: { cache: join(root, 'cache'), state: join(root, 'state') },
    environment: { PATH: join(root, 'bin') },
  };
  const { uid = 0, architecture = 'x86_64', freeGiB = 100, ...request } = more;
  const kvm = join(root, 'dev/kvm');
  const readFreeSpace = async () => ({ freeBytes: freeGiB * 1024 ** 3, device: 1 });
  const machine = { root, uid, userName: 'mint', nodeVersion: '20.20.2', architecture, kvm, readFreeSpace };
  const report = await runDoctor({ catalogue: join(root, 'catalogue'), machine, ...request }, context);
  return { report, specs };
}

const finding = (report: DoctorReport, name: string) => report.findings.find((found) => found.name === name);

describe('the doctor', () => {
  test('finds a good machine healthy, in a fixed order', async () => {
    const { report } = await doctor();
    expect(report.healthy).toBe(true);
    const names = report.findings.map((found) => found.name);
    expect(names.slice(0, 4)).toEqual(['node', 'architecture', 'packer', 'qemu-system-x86_64']);
    expect(names.slice(-12).join(', ')).toBe(
      'user namespaces, accelerator, cache space, runs space, catalogue space, memory, loopback ports, leftovers, ' +
        'mirror trixie, mirror trixie-security, mirror bookworm, mirror bookworm-security',
    );
    expect(finding(report, 'accelerator')).toMatchObject({ status: 'warn' });
  });

  test('gives every finding that is not well a remedy', async () => {
    await rm(join(root, 'bin/zstd'));
    await rm(join(root, 'boot'), { recursive: true });
    await file('proc/meminfo', 'MemTotal: 1000000 kB\nMemAvailable: 900000 kB\n');
    const script = { version: { packer: '1,,version,1.6.0' }, index: { trixie: undefined } };
    const { report } = await doctor(script, { uid: 4711 });
    expect(report.healthy).toBe(false);
    const bad = report.findings.filter((found) => found.status !== 'ok');
    expect(bad.map((found) => found.name)).toEqual([
      'packer',
      'zstd',
      'guestfs kernel',
      'user namespaces',
      'accelerator',
      'memory',
      'mirror trixie',
    ]);
    for (const found of bad) expect(found.remedy).toMatch(/./);
  });

  test.each([
    { version: '1,,version,1.6.6', text: '1.6.6 (MPL)' },
    { version: '1,,version,1.14.3', text: '1.14.3 (BUSL)' },
  ])('names the licence of Packer: $text', async ({ version, text }) => {
    const { report } = await doctor({ version: { packer: version } });
    expect(finding(report, 'packer')?.text).toBe(text);
  });
});

test.each([
  { architecture: 'x86_64', status: 'ok', healthy: true },
  { architecture: 'aarch64', status: 'fail', healthy: false },
])('the processor $architecture: $status', async ({ architecture, status, healthy }) => {
  const { report } = await doctor({}, { architecture, offline: true });
  expect(finding(report, 'architecture')).toMatchObject({
    status,
    text: expect.stringContaining(architecture),
  });
  expect(report.healthy).toBe(healthy);
});

test.each([
  { freeGiB: 16, statuses: ['ok', 'ok', 'ok'], because: 'comfortable' },
  { freeGiB: 7, statuses: ['warn', 'warn', 'warn'], because: 'a system VM for every hypervisor may not fit' },
  { freeGiB: 3, statuses: ['warn', 'warn', 'warn'], because: 'a system VM does not fit beside its cache' },
  { freeGiB: 1, statuses: ['fail', 'fail', 'fail'], because: 'not even the smallest fits' },
  { freeGiB: 0, statuses: ['fail', 'fail', 'fail'], because: 'full' },
])('space of $freeGiB GiB: $because', async ({ freeGiB, statuses }) => {
  const { report } = await doctor({}, { freeGiB, offline: true });
  const names = ['cache space', 'runs space', 'catalogue space'];
  expect(names.map((name) => finding(report, name)?.status)).toEqual(statuses);
});

describe('user namespaces', () => {
  test.each([
    { subuid: 'mint:1:65536', subgid: 'mint:1:65536', status: 'ok', because: 'by name' },
    { subuid: '1000:1:65536', subgid: '1000:1:65536', status: 'ok', because: 'by number' },
    { subuid: 'mint:1:65536', subgid: '', status: 'fail', because: 'groups need them too' },
    { subuid: 'mint:1:1000', subgid: 'mint:1:65536', status: 'fail', because: 'too few' },
    { subuid: 'mintx:1:65536', subgid: 'mint:1:65536', status: 'fail', because: 'somebody else’s' },
  ])('$status: $because', async ({ subuid, subgid, status }) => {
    await file('etc/subuid', subuid);
    await file('etc/subgid', subgid);
    const { report } = await doctor({}, { uid: 1000, offline: true });
    expect(finding(report, 'user namespaces')).toMatchObject({ status });
  });

  test('are tried, not believed', async () => {
    const unshare = new Failure('command', 'E_COMMAND_FAILED', 'unshare failed with exit code 1', {
      details: ['unshare: Operation not permitted'],
    });
    const { report, specs } = await doctor({ unshare }, { uid: 1000, offline: true });
    expect(finding(report, 'user namespaces')).toMatchObject({
      status: 'fail',
      text: 'unshare: Operation not permitted',
      remedy: expect.stringContaining('unprivileged_userns_clone'),
    });
    const tried = specs.find((spec) => spec.args.includes('--map-auto'));
    expect(tried?.args).toContain('--kill-child');
  });

  test('root needs no ids', async () => {
    await file('etc/subuid', '');
    expect(finding((await doctor({}, { offline: true })).report, 'user namespaces')).toMatchObject({
      status: 'ok',
    });
  });
});

describe('the mirror', () => {
  const EXPIRED = 'Date: Thu, 12 Nov 2026 06:00:00 UTC\nValid-Until: Thu, 19 Nov 2026 06:00:00 UTC\n';
  test.each([
    { text: FRESH, status: 'ok', says: '0 days old', because: 'fresh' },
    {
      text: 'Date: Sat, 11 Jul 2026 09:00:00 UTC\n',
      status: 'ok',
      says: '132 days old',
      because: 'a point release',
    },
    {
      text: EXPIRED,
      status: 'fail',
      says: '9 days old and no longer valid',
      because: 'it stopped mirroring',
    },
    { text: '<html>welcome</html>', status: 'fail', says: 'no InRelease', because: 'a captive portal' },
    { text: undefined, status: 'fail', says: 'does not answer', because: 'down' },
    {
      text: 'E: Failed to fetch http://x/InRelease  503  Service Unavailable',
      status: 'fail',
      says: 'does not answer',
      because: 'out of order: not now',
    },
    {
      text: 'E: Failed to fetch http://x/InRelease  404  Not Found',
      status: 'fail',
      says: 'answers, but has no index for bookworm-security',
      because: 'not there',
    },
    {
      text: 'E: Failed to fetch http://x/InRelease  403  Forbidden',
      status: 'fail',
      says: 'refuses to answer',
      because: 'a proxy does not let us through',
    },
  ])('$status: $because', async ({ text, status, says }) => {
    const { report } = await doctor({ index: { 'bookworm-security': text } });
    expect(finding(report, 'mirror bookworm-security')).toMatchObject({
      status,
      text: expect.stringContaining(says),
    });
    expect(finding(report, 'mirror bookworm')).toMatchObject({ status: 'ok' });
  });

  test('named by the user is asked instead of the host’s', async () => {
    const { specs } = await doctor({}, { mirror: 'http://other.example/debian' });
    const urls = specs.filter((spec) => spec.command.endsWith('apt-helper')).map((spec) => spec.args.at(-2));
    expect(urls).toContain('http://other.example/debian-security/dists/bookworm-security/InRelease');
    expect(urls.every((url) => url?.startsWith('http://other.example/'))).toBe(true);
  });

  test('is not asked when offline', async () => {
    const { specs } = await doctor({}, { offline: true });
    expect(specs.some((spec) => spec.command.endsWith('apt-helper'))).toBe(false);
  });

  test('that the host does not name is a failure', async () => {
    const { report } = await doctor({ targets: '' });
    expect(finding(report, 'mirror')).toMatchObject({
      status: 'fail',
      remedy: expect.stringContaining('--mirror'),
    });
  });
});

test.each([
  { text: FRESH, valid: true },
  { text: 'Date: nonsense\n', valid: false },
  { text: '', valid: false },
])('dates of $text', ({ text, valid }) => {
  expect(parseIndexDates(text) !== undefined).toBe(valid);
});

test('an interruption ends the doctor', async () => {
  const unshare = new Failure('interrupted', 'E_INTERRUPTED', 'Ctrl-C');
  await expect(doctor({ unshare }, { offline: true })).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
});
