/**
 * Makes a fresh checkout ready, then starts what was asked for. Plain JavaScript without dependencies, because it
 * runs before any of them is there. Each step looks first and does nothing when there is nothing to do; all output
 * goes to standard error.
 *
 *   node src/setup.mjs --run ARGS     the mintmark command      (npm run build, npm run mintmark)
 *   node src/setup.mjs --bench ARGS   the benchmark             (npm run bench)
 *   node src/setup.mjs --test ARGS    every test                (npm test)
 *
 * MINTMARK_INSTALL=never forbids installing anything; exit code 4 means that this machine lacks something.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { constants } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { EXIT_HOST, fail, mayNotInstall, runToEnd, say } from './setup-process.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const LEAST_NODE = [20, 19];

const MODULES = join(ROOT, 'node_modules');
const MODULES_STAMP = join(MODULES, '.mintmark-setup');
const DIST = join(ROOT, 'dist');
const DIST_STAMP = join(DIST, '.mintmark-setup');
const TSC = join(MODULES, 'typescript/bin/tsc');
const BUILD_INFO = join(MODULES, '.cache/mintmark/tsconfig.tsbuildinfo');
/** Two set-ups in one checkout would trip over each other; the name is one that .gitignore knows. */
const LOCK = join(ROOT, '.setup-lock.tmp');

const started = { '--run': runCommand, '--bench': runBench, '--test': runTests };

async function main() {
  const [mode = '', ...args] = process.argv.slice(2);
  const start = started[mode];
  if (start === undefined) fail(2, `usage: node src/setup.mjs ${Object.keys(started).join('|')} [ARGS]`);
  checkNode();
  if (!modulesAreCurrent() || !distIsCurrent()) await withLock(prepareCheckout);
  const { needsTools, installTools } = await import('./setup-packages.mjs');
  if (needsTools(mode, args)) installTools(mode, args);
  await start(args);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])) return;
  fail(EXIT_HOST, `Node ${LEAST_NODE.join('.')} or later is needed; this is ${process.versions.node}`);
}

function prepareCheckout() {
  if (!modulesAreCurrent()) installModules();
  if (!distIsCurrent()) compile();
}

// ── node_modules ────────────────────────────────────────────────────────────────────────────────────────────

function modulesAreCurrent() {
  const lockFile = join(ROOT, 'package-lock.json');
  if (readIfExists(MODULES_STAMP) === sha256(fs.readFileSync(lockFile))) return true;
  // Installed by hand, by npm ci or npm install: npm leaves its own record, newer than the lock file it obeyed.
  const record = statIfExists(join(MODULES, '.package-lock.json'));
  const isNewer = record !== undefined && record.mtimeMs >= fs.statSync(lockFile).mtimeMs;
  // npm leaves the compiler out under NODE_ENV=production.
  return isNewer && fs.existsSync(TSC);
}

function installModules() {
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund'];
  if (mayNotInstall())
    fail(EXIT_HOST, 'the dependencies are missing; run:', `npm ${args.slice(0, 2).join(' ')}`);
  say('installing the dependencies (npm ci)');
  // The npm that started us, if one did; a bare `npm` may be another one or none at all.
  const own = process.env.npm_execpath ?? '';
  const [command, ...before] = /npm[^/]*\.[cm]?js$/.test(own) ? [process.execPath, own] : ['npm'];
  const status = runToEnd(command, [...before, ...args], { cwd: ROOT });
  if (status !== 0) fail(EXIT_HOST, `npm ci failed (${status}); its own words are above`);
  fs.writeFileSync(MODULES_STAMP, sha256(fs.readFileSync(join(ROOT, 'package-lock.json'))));
}

// ── dist ────────────────────────────────────────────────────────────────────────────────────────────────────

function distIsCurrent() {
  return readIfExists(DIST_STAMP) === sourcesDigest();
}

/** Names, sizes and times of all sources: enough to notice every edit, and 200 files take two milliseconds. */
function sourcesDigest() {
  const files = [
    ...filesBelow(join(ROOT, 'src'), '.ts'),
    join(ROOT, 'tsconfig.json'),
    join(ROOT, 'package-lock.json'),
  ];
  const lines = files.map((file) => {
    const { size, mtimeMs } = fs.statSync(file);
    return `${relative(ROOT, file)} ${size} ${mtimeMs}`;
  });
  return sha256(lines.toSorted().join('\n'));
}

function compile() {
  say('compiling');
  const digest = sourcesDigest();
  // The compiler believes its own record, even when somebody has deleted what it once wrote.
  if (!fs.existsSync(DIST_STAMP)) fs.rmSync(BUILD_INFO, { force: true });
  const status = runToEnd(process.execPath, [TSC, '-p', join(ROOT, 'tsconfig.json')], { cwd: ROOT });
  if (status !== 0) fail(1, `the compiler failed (${status}); its own words are above`);
  for (const file of filesBelow(DIST, '.js')) {
    const source = join(ROOT, 'src', relative(DIST, file).replace(/\.js$/, '.ts'));
    if (!fs.existsSync(source)) fs.rmSync(file);
  }
  fs.writeFileSync(DIST_STAMP, digest);
}

// ── what was asked for ──────────────────────────────────────────────────────────────────────────────────────

/** In this very process: signals and exit code need no forwarding, and nothing is started twice. */
async function runCommand(args) {
  await runHere(join(DIST, 'cli/main.js'), args);
}

async function runBench(args) {
  await runHere(join(ROOT, 'test/bench/bench.mjs'), args);
}

async function runHere(file, args) {
  process.argv = [process.execPath, file, ...args];
  await import(pathToFileURL(file).href);
}

async function runTests(args) {
  const jest = [join(MODULES, 'jest/bin/jest.js'), ...args];
  const child = spawn(process.execPath, ['--experimental-vm-modules', '--no-warnings', ...jest], {
    stdio: 'inherit',
    cwd: ROOT,
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

// ── small things ────────────────────────────────────────────────────────────────────────────────────────────

/** Does something while no other set-up works in this checkout; the lock of a dead process is taken over. */
async function withLock(action) {
  for (let said = false; !takeLock(); said = true) {
    if (!said) say('waiting for another set-up in this checkout');
    await sleep(200);
  }
  process.on('exit', releaseLock);
  action();
  releaseLock();
}

function takeLock() {
  try {
    fs.writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    const owner = Number(readIfExists(LOCK));
    if (owner > 0 && !isRunning(owner)) fs.rmSync(LOCK, { force: true });
    return false;
  }
}

function releaseLock() {
  if (readIfExists(LOCK) === String(process.pid)) fs.rmSync(LOCK, { force: true });
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function readIfExists(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
}

function statIfExists(file) {
  return fs.statSync(file, { throwIfNoEntry: false });
}

function filesBelow(directory, suffix) {
  if (!fs.existsSync(directory)) return [];
  return fs
    .readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(suffix))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function sha256(data) {
  return createHash('sha256').update(data).digest('hex');
}

await main();
