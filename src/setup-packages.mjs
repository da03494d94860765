import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { EXIT_HOST, fail, mayNotInstall, runToEnd, say } from './setup-process.mjs';

/** The one table of programs and files, shared with `host/tools.ts`. */
const TABLE = join(import.meta.dirname, 'host/tools.json');

/** Stands for `/` where kernels, data files and system programs are looked for; tests set it. */
const SYSTEM_ROOT = process.env.MINTMARK_SETUP_ROOT ?? '';

/** Commands of `mintmark` that run the programs of the table. */
const COMMANDS_WITH_TOOLS = ['base', 'build', 'convert', 'import', 'nightly', 'run', 'test', 'validate'];

/** Whether this start needs the programs of src/host/tools.json. */
export function needsTools(mode, args) {
  if (mayNotInstall() || args.some((arg) => arg === '--help' || arg === '-h')) return false;
  return mode !== '--run' || COMMANDS_WITH_TOOLS.includes(args.find((arg) => !arg.startsWith('-')) ?? '');
}

/** Installs the Debian packages of what is missing, as root or by sudo, or says how to and ends. */
export function installTools(mode, args) {
  const missing = () => missingPackages(mode, args);
  const wanted = missing();
  if (wanted.length === 0 || findProgram('apt-get') === undefined) return;
  const asRoot = rootPrefix();
  if (asRoot === undefined) {
    fail(EXIT_HOST, 'Debian packages are missing; run as root:', aptInstall(wanted).join(' '));
  }
  say(`installing Debian packages: ${wanted.join(' ')}`);
  const [sudo, ...options] = asRoot;
  const apt = (words) => runToEnd(sudo, [...options, ...words], {});
  if (apt(['apt-get', 'update', '-q']) !== 0)
    say('apt-get update failed; going on with the lists that are there');
  const known = wanted.filter(isInLists);
  const status = apt(aptInstall(known.length === 0 ? wanted : known, '-q', '-y'));
  if (status !== 0)
    fail(EXIT_HOST, `apt-get failed (${status}); to repeat it:`, aptInstall(wanted).join(' '));
  const still = missing();
  if (still.includes('packer')) {
    fail(
      EXIT_HOST,
      'this Debian has no packer: get one from its makers and name it by --packer or MINTMARK_PACKER',
    );
  }
  if (still.length > 0) fail(EXIT_HOST, `still missing after the installation: ${still.join(' ')}`);
}

function aptInstall(packages, ...options) {
  return ['apt-get', 'install', '--no-install-recommends', ...options, ...packages];
}

function isInLists(name) {
  const shown = spawnSync('apt-cache', ['show', '--no-all-versions', name], { encoding: 'utf8' });
  return shown.status === 0 && shown.stdout.trim() !== '';
}

/** Packages by the files they would bring; asking dpkg would take longer than all the rest. */
function missingPackages(mode, args) {
  const { programs, files } = JSON.parse(fs.readFileSync(TABLE, 'utf8'));
  const missing = new Set();
  for (const tool of programs) {
    if (tool.for === 'test' && mode !== '--test') continue;
    if (tool.user === 'ordinary' && process.getuid() === 0) continue;
    if (tool.program === 'packer' && namedPacker(args)) continue;
    if (findProgram(tool.program) === undefined) missing.add(tool.package);
  }
  for (const needed of files) {
    if (needed.for === 'test' && mode !== '--test') continue;
    if (!fs.existsSync(SYSTEM_ROOT + needed.file)) missing.add(needed.package);
  }
  if (!hasReadableKernel()) missing.add(`linux-image-cloud-${process.arch === 'arm64' ? 'arm64' : 'amd64'}`);
  return [...missing];
}

/** A Packer that the user named is used or refused by the command itself, never replaced by another one. */
function namedPacker(args) {
  const option = args.some((arg) => arg === '--packer' || arg.startsWith('--packer='));
  return option || (process.env.MINTMARK_PACKER ?? '') !== '';
}

/** libguestfs boots the host's kernel: one that this user may read, with its modules (as `host/host-kernel.ts`). */
function hasReadableKernel() {
  const boot = `${SYSTEM_ROOT}/boot`;
  const names = fs.existsSync(boot) ? fs.readdirSync(boot) : [];
  return names
    .filter((name) => name.startsWith('vmlinuz-'))
    .map((name) => [join(boot, name), join(`${SYSTEM_ROOT}/lib/modules`, name.slice('vmlinuz-'.length))])
    .some((paths) => paths.every((path) => mayAccess(path, fs.constants.R_OK)));
}

function findProgram(name) {
  const system = ['/usr/local/sbin', '/usr/sbin', '/sbin'].map((directory) => SYSTEM_ROOT + directory);
  const directories = (process.env.PATH ?? '').split(':').concat(system);
  return directories
    .map((directory) => join(directory, name))
    .find((file) => mayAccess(file, fs.constants.X_OK));
}

/** Words before a command that make it run as root; undefined when nothing does without a password. */
function rootPrefix() {
  const env = ['env', 'DEBIAN_FRONTEND=noninteractive'];
  if (process.getuid() === 0) return env;
  if (spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0) return undefined;
  const proxies = Object.entries(process.env).filter(([name]) => /^(https?|no)_proxy$/i.test(name));
  return ['sudo', '-n', ...env, ...proxies.map(([name, value]) => `${name}=${value}`)];
}

function mayAccess(file, mode) {
  try {
    fs.accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}
