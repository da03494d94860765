import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const SOURCE = join(import.meta.dirname, '../../src');

/** Every program of the table, as a Debian 12 with all packages would have them. */
const PROGRAMS =
  'packer qemu-system-x86_64 qemu-img mmdebstrap mke2fs virt-sparsify unshare setpriv newuidmap ssh-keygen zstd lbzip2 xz bzip2 unzip shellcheck xorriso fsck.vfat mcopy'.split(
    ' ',
  );

let root = '';
let project = '';

/** A checkout with our set-up and toys instead of npm, apt-get, sudo, the compiler, jest and the program. */
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mintmark-setup-'));
  project = join(root, 'project');
  await mkdir(join(project, 'src/host'), { recursive: true });
  for (const file of ['setup.mjs', 'setup-process.mjs', 'setup-packages.mjs', 'host/tools.json']) {
    await cp(join(SOURCE, file), join(project, 'src', file));
  }
  await writeFile(join(project, 'package.json'), '{"type":"module"}');
  await writeFile(join(project, 'package-lock.json'), '{"lockfileVersion":3}');
  await writeFile(join(project, 'tsconfig.json'), '{}');
  await mkdir(join(project, 'src/cli'));
  await writeFile(join(project, 'src/cli/main.ts'), 'first');
  await mkdir(join(project, 'test/bench'), { recursive: true });
  await writeFile(join(project, 'test/bench/bench.mjs'), 'console.log("bench", process.argv[2])');
  await writeFile(join(root, 'compiler.js'), COMPILER);
  await writeFile(join(root, 'jest.js'), JEST);
  await program('npm', NPM);
  await program('apt-get', APT_GET);
  await program('apt-cache', 'case "$NO_CANDIDATE" in *"$3"*) exit 100;; esac; echo "Package: $3"');
  for (const name of PROGRAMS) await program(name, 'exit 0');
  await systemFile('boot/vmlinuz-6.1.0-1-cloud-amd64');
  await systemFile('lib/modules/6.1.0-1-cloud-amd64/modules.dep');
  await systemFile('usr/share/keyrings/debian-archive-keyring.gpg');
  await systemFile('usr/share/OVMF/OVMF_CODE_4M.fd');
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const NPM = `echo "npm $*" >>"$LOG"
test -z "$NPM_FAILS" || { echo "npm ERR! no network"; exit 1; }
mkdir -p node_modules/typescript/bin node_modules/jest/bin
cp "$TOYS/compiler.js" node_modules/typescript/bin/tsc
cp "$TOYS/jest.js" node_modules/jest/bin/jest.js
echo "added 2 packages"`;

const APT_GET = `echo "apt-get $*" >>"$LOG"
test "$1" = install || exit 0
for package in "$@"; do
  case $package in
    linux-image-*)
      mkdir -p "$MINTMARK_SETUP_ROOT/boot" "$MINTMARK_SETUP_ROOT/lib/modules/new"
      : >"$MINTMARK_SETUP_ROOT/boot/vmlinuz-new" ;;
    debian-archive-keyring) : >"$MINTMARK_SETUP_ROOT/usr/share/keyrings/debian-archive-keyring.gpg" ;;
    qemu-utils) cp "$TOYS/bin/zstd" "$TOYS/bin/qemu-img" ;;
    guestfs-tools) cp "$TOYS/bin/zstd" "$TOYS/bin/virt-sparsify" ;;
    packer) cp "$TOYS/bin/zstd" "$TOYS/bin/packer" ;;
  esac
done
echo "Setting up"`;

const COMPILER = `
const fs = require('node:fs');
fs.appendFileSync(process.env.LOG, 'tsc\\n');
if (process.env.TSC_FAILS) { console.log('src/main.ts(1,1): error TS1'); process.exit(2); }
fs.mkdirSync('dist/cli', { recursive: true });
fs.writeFileSync('dist/cli/main.js', \`
  console.log(JSON.stringify(process.argv.slice(2)));
  if (process.argv.includes('wait')) {
    process.on('SIGTERM', () => { console.log('got SIGTERM'); process.exit(130); });
    console.log('ready');
    setInterval(() => undefined, 1000);
  } else process.exitCode = Number(process.env.EXIT ?? 0);
\`);
`;

const JEST = `console.log('jest', process.execArgv.join(' '), process.argv.slice(2).join(' ')); process.exitCode = 3;`;

async function program(name: string, body: string): Promise<void> {
  await mkdir(join(root, 'bin'), { recursive: true });
  await writeFile(join(root, 'bin', name), `#!/bin/sh\n${body}\n`);
  await chmod(join(root, 'bin', name), 0o755);
}

async function without(...names: string[]): Promise<void> {
  for (const name of names) await rm(join(root, 'bin', name));
}

async function systemFile(path: string): Promise<void> {
  await mkdir(join(root, 'system', path, '..'), { recursive: true });
  await writeFile(join(root, 'system', path), '');
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: string[], env: Record<string, string> = {}) {
  // The plain programs of the machine stay reachable by a directory that holds nothing which the table names.
  const child = spawn(process.execPath, [join(project, 'src/setup.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: `${join(root, 'bin')}:${join(root, 'plain')}`,
      TOYS: root,
      LOG: join(root, 'log'),
      MINTMARK_SETUP_ROOT: join(root, 'system'),
      ...env,
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
  return { child, ended };
}

async function setup(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  return start(args, env).ended;
}

/** The same as a user without root, as far as the set-up can tell. */
async function asNobody(env: Record<string, string>): Promise<Ended> {
  await writeFile(join(root, 'demote.cjs'), 'process.getuid = () => 65534;');
  return setup(['--run', 'build'], { NODE_OPTIONS: `--require=${join(root, 'demote.cjs')}`, ...env });
}

async function log(): Promise<string[]> {
  const text = await readFile(join(root, 'log'), 'utf8').catch(() => '');
  await rm(join(root, 'log'), { force: true });
  return text.split('\n').filter((line) => line !== '');
}

beforeEach(async () => {
  await mkdir(join(root, 'plain'));
  for (const name of ['cp', 'mkdir', 'env']) {
    await program(`../plain/${name}`, `exec /bin/${name} "$@"`);
  }
});

describe('a fresh checkout', () => {
  test('is installed, compiled and started; the second time nothing is left to do', async () => {
    const first = await setup(['--run', 'build', '--profile', 'a b']);
    expect(first).toMatchObject({ code: 0, stdout: '["build","--profile","a b"]\n' });
    expect(first.stderr).toContain('npm ci');
    expect(first.stderr).toContain('added 2 packages');
    expect(await log()).toEqual(['npm ci --include=dev --no-audit --no-fund', 'tsc']);
    expect(await setup(['--run', 'build'])).toEqual({ code: 0, stdout: '["build"]\n', stderr: '' });
    expect(await log()).toEqual([]);
  });

  test.each([
    {
      change: 'package-lock.json',
      does: ['npm ci --include=dev --no-audit --no-fund', 'tsc'],
      because: 'digest',
    },
    { change: 'src/cli/main.ts', does: ['tsc'], because: 'an edited source is compiled' },
    { change: 'src/new.ts', does: ['tsc'], because: 'a new source is compiled' },
    { change: 'tsconfig.json', does: ['tsc'], because: 'other options, other output' },
    { change: 'README.md', does: [], because: 'no program depends on it' },
  ])('after a change of $change it does $does ($because)', async ({ change, does }) => {
    await setup(['--run', 'profiles']);
    await log();
    await writeFile(join(project, change), '{"changed":true}');
    expect((await setup(['--run', 'profiles'])).code).toBe(0);
    expect(await log()).toEqual(does);
  });

  test('dependencies that a person installed by hand are left alone', async () => {
    await setup(['--run', 'profiles']);
    await log();
    await rm(join(project, 'node_modules/.mintmark-setup'));
    const record = join(project, 'node_modules/.package-lock.json');
    await writeFile(record, '{}');
    expect((await setup(['--run', 'profiles'])).code).toBe(0);
    expect(await log()).toEqual([]);
    await utimes(record, 0, 0);
    expect((await setup(['--run', 'profiles'])).code).toBe(0);
    expect(await log()).toEqual(['npm ci --include=dev --no-audit --no-fund']);
  });

  test('what the compiler once made of a source that is gone is removed', async () => {
    await setup(['--run', 'profiles']);
    await writeFile(join(project, 'dist/old.js'), '');
    await writeFile(join(project, 'src/cli/main.ts'), 'second');
    expect((await setup(['--run', 'profiles'])).code).toBe(0);
    await expect(readFile(join(project, 'dist/old.js'))).rejects.toThrow('ENOENT');
  });

  test('two set-ups at once install and compile once', async () => {
    const both = await Promise.all([setup(['--run', 'profiles']), setup(['--run', 'profiles'])]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(await log()).toEqual(['npm ci --include=dev --no-audit --no-fund', 'tsc']);
  });

  test('the lock of a set-up that was killed is taken over', async () => {
    await writeFile(join(project, '.setup-lock.tmp'), '4194304');
    expect((await setup(['--run', 'profiles'])).code).toBe(0);
  });
});

describe('what goes wrong', () => {
  test('npm ci fails: exit 4, its words are shown, nothing counts as done', async () => {
    const failed = await setup(['--run', 'profiles'], { NPM_FAILS: '1' });
    expect(failed).toMatchObject({ code: 4, stdout: '' });
    expect(failed.stderr).toContain('npm ERR! no network');
    expect((await setup(['--run', 'profiles'])).code).toBe(0);
  });

  test('the compiler fails: exit 1, its words are shown on standard error, nothing counts as done', async () => {
    const failed = await setup(['--run', 'profiles'], { TSC_FAILS: '1' });
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(failed.stderr).toContain('error TS1');
    expect((await setup(['--run', 'profiles'])).code).toBe(0);
  });

  test('an unknown mode is a usage error', async () => {
    expect((await setup(['--frobnicate'])).code).toBe(2);
  });

  test('MINTMARK_INSTALL=never without dependencies names the command', async () => {
    const refused = await setup(['--run', 'build'], { MINTMARK_INSTALL: 'never' });
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain('npm ci --include=dev');
    expect(await log()).toEqual([]);
  });
});

describe('Debian packages', () => {
  beforeEach(async () => {
    await setup(['--run', 'profiles']);
    await log();
  });
  const asRoot = process.getuid?.() === 0 ? test : test.skip;

  asRoot('missing ones are installed by one update and one install', async () => {
    await without('qemu-img', 'virt-sparsify');
    await rm(join(root, 'system/boot/vmlinuz-6.1.0-1-cloud-amd64'));
    const ended = await setup(['--run', 'build']);
    expect(ended).toMatchObject({ code: 0, stdout: '["build"]\n' });
    const image = `linux-image-cloud-${process.arch === 'arm64' ? 'arm64' : 'amd64'}`;
    expect(await log()).toEqual([
      'apt-get update -q',
      `apt-get install --no-install-recommends -q -y qemu-utils guestfs-tools ${image}`,
    ]);
  });

  asRoot.each([
    { gone: 'boot/vmlinuz-6.1.0-1-cloud-amd64', because: 'there is none' },
    { gone: 'lib/modules/6.1.0-1-cloud-amd64', because: 'the one that is there has no modules' },
  ])('a kernel for libguestfs is installed when $because', async ({ gone }) => {
    await rm(join(root, 'system', gone), { recursive: true });
    expect((await setup(['--run', 'build'])).code).toBe(0);
    expect((await log())[1]).toMatch(/ linux-image-cloud-\w+$/);
    expect((await setup(['--run', 'build'])).code).toBe(0);
    expect(await log()).toEqual([]);
  });

  asRoot.each([
    { args: ['--run', 'build', '--packer', '/p'], env: {}, because: '--packer names one' },
    { args: ['--run', 'build', '--packer=/p'], env: {}, because: '--packer names one' },
    { args: ['--run', 'build'], env: { MINTMARK_PACKER: '/p' }, because: 'the environment names one' },
    { args: ['--run', 'build'], env: { MINTMARK_INSTALL: 'never' }, because: 'the user forbade it' },
    { args: ['--run', 'build', '--help'], env: {}, because: 'help needs no packer' },
    { args: ['--run', 'version', 'parse', '1'], env: {}, because: 'versions need no packer' },
    { args: ['--run', 'doctor'], env: {}, because: 'the doctor reports, it does not treat' },
  ])('$args does not install a missing packer, because $because', async ({ args, env }) => {
    await without('packer');
    expect((await setup(args, env)).code).toBe(0);
    expect(await log()).toEqual([]);
  });

  asRoot('a Debian without packer installs the rest and says how to go on', async () => {
    await without('packer', 'qemu-img');
    const ended = await setup(['--run', 'build'], { NO_CANDIDATE: 'packer' });
    expect(ended).toMatchObject({ code: 4, stdout: '' });
    expect(ended.stderr).toContain('MINTMARK_PACKER');
    expect((await log())[1]).toBe('apt-get install --no-install-recommends -q -y qemu-utils');
  });

  asRoot('shellcheck is only installed for the tests', async () => {
    await without('shellcheck');
    await setup(['--run', 'build']);
    expect(await log()).toEqual([]);
    const ended = await setup(['--test']);
    expect((await log())[1]).toContain('shellcheck');
    expect(ended.stderr).toContain('still missing after the installation: shellcheck');
  });

  asRoot('so is firmware', async () => {
    await rm(join(root, 'system/usr/share/OVMF/OVMF_CODE_4M.fd'));
    await setup(['--run', 'build']);
    expect(await log()).toEqual([]);
    await setup(['--test']);
    expect((await log())[1]).toBe('apt-get install --no-install-recommends -q -y ovmf');
  });

  asRoot('an ordinary user installs by sudo, or is told the one command', async () => {
    await without('qemu-img');
    await program('sudo', 'test -n "$MAY_SUDO" || exit 1; shift; echo "sudo $*" >>"$LOG"; "$@"');
    const refused = await asNobody({});
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(refused.stderr).toContain('\n    apt-get install --no-install-recommends qemu-utils\n');
    expect(await log()).toEqual([]);
    const ended = await asNobody({ MAY_SUDO: '1', https_proxy: 'http://proxy.example:3128' });
    expect(ended.code).toBe(0);
    expect(await log()).toContain(
      'sudo env DEBIAN_FRONTEND=noninteractive https_proxy=http://proxy.example:3128 apt-get update -q',
    );
  });
});

describe('what is started', () => {
  beforeEach(async () => {
    await setup(['--run', 'profiles']);
  });

  test('its exit code is ours', async () => {
    expect((await setup(['--run', 'build'], { EXIT: '6' })).code).toBe(6);
  });

  test('a signal reaches it', async () => {
    const { child, ended } = start(['--run', 'wait']);
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        if (String(chunk).includes('ready')) resolve();
      });
    });
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 130, stdout: '["wait"]\nready\ngot SIGTERM\n' });
  });

  test('--bench runs the benchmark', async () => {
    expect((await setup(['--bench', '--rounds'])).stdout).toBe('bench --rounds\n');
  });

  test('--test runs jest with ES modules and passes its exit code on', async () => {
    expect(await setup(['--test', 'unit'])).toMatchObject({
      code: 3,
      stdout: 'jest --experimental-vm-modules --no-warnings unit\n',
    });
  });
});
