// Preloaded with `node --import`: makes one directory tree look as through a network file system on a bad day.
// Changes of names are carried out, and then some replies are lost: the caller gets what a second try would say, or EIO.
// What is read may be old, as a client answers from memory; changes of its own it knows, but for what others did.
// Works on what is imported from node:fs/promises; contents that are read through an open file are always true.
//
// FAKE_FS_ROOT     the tree
// FAKE_FS_SEED     number that all chance comes from
// FAKE_FS_LOSS     part of the replies that are lost, 0 to 1
// FAKE_FS_DELAY_MS how old an answer may be
// FAKE_FS_REFRESH  1: a change in a directory makes the client see all of that directory's changes, as NFS does
// FAKE_FS_FULL     number of files that can be written before the space is gone
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { basename, dirname, resolve, sep } from 'node:path';

const fs = createRequire(import.meta.url)('node:fs/promises');
const real = { ...fs };
const root = resolve(process.env.FAKE_FS_ROOT);
const loss = Number(process.env.FAKE_FS_LOSS ?? 0);
const delayMs = Number(process.env.FAKE_FS_DELAY_MS ?? 0);
const refreshes = process.env.FAKE_FS_REFRESH === '1';
let writesLeft = Number(process.env.FAKE_FS_FULL ?? Number.POSITIVE_INFINITY);

const RETRY_ERROR = { link: 'EEXIST', rename: 'ENOENT', unlink: 'ENOENT', mkdir: 'EEXIST', rm: 'EIO' };

/** path → call → { until, outcome } */
const memory = new Map();
let state = Number(process.env.FAKE_FS_SEED ?? 1) >>> 0;

/** mulberry32 */
function chance() {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

function isInside(path) {
  const full = typeof path === 'string' ? resolve(path) : '';
  return full === root || full.startsWith(root + sep);
}

function systemError(code, call, path) {
  return Object.assign(new Error(`${code}: a reply was lost, ${call} '${path}'`), {
    code,
    syscall: call,
    path,
  });
}

/** Forgets a name; its directory's listing learns of this change only, unless a change shows everything. */
function learn(path, isThere) {
  const full = resolve(path);
  memory.delete(full);
  const listing = memory.get(dirname(full));
  if (refreshes) memory.delete(dirname(full));
  for (const { outcome } of listing?.values() ?? []) {
    if (!Array.isArray(outcome.value) || isThere === undefined) continue;
    const others = outcome.value.filter((name) => name !== basename(full));
    outcome.value = isThere ? [...others, basename(full)] : others;
  }
}

/** Somebody else made it, which is all that is learnt. */
function forgetAbsence(path) {
  const known = memory.get(resolve(path)) ?? new Map();
  for (const [key, { outcome }] of known) if (outcome.error) known.delete(key);
}

function patchReader(call) {
  fs[call] = async (path, ...rest) => {
    if (!isInside(path) || delayMs === 0) return real[call](path, ...rest);
    const known = memory.get(resolve(path)) ?? new Map();
    memory.set(resolve(path), known);
    const key = `${call} ${JSON.stringify(rest)}`;
    let answer = known.get(key);
    if (answer === undefined || performance.now() > answer.until) {
      const outcome = await real[call](path, ...rest).then(
        (value) => ({ value }),
        (error) => ({ error }),
      );
      answer = { until: performance.now() + delayMs * chance(), outcome };
      known.set(key, answer);
    }
    if (answer.outcome.error) throw answer.outcome.error;
    return Array.isArray(answer.outcome.value) ? [...answer.outcome.value] : answer.outcome.value;
  };
}

function patchChange(call, namesOf) {
  fs[call] = async (...args) => {
    const names = namesOf(args).filter(({ path }) => isInside(path));
    if (names.length === 0) return real[call](...args);
    let result;
    try {
      result = await real[call](...args);
    } catch (error) {
      for (const { path } of names) learn(path);
      throw error;
    }
    const isChange = call !== 'mkdir' || !args[1]?.recursive || result !== undefined;
    for (const { path, isThere } of names) {
      if (isChange) learn(path, isThere);
      else forgetAbsence(path);
    }
    if (chance() >= loss) return result;
    const code = chance() < 0.5 ? 'EIO' : RETRY_ERROR[call];
    // A directory that is there is no error to those who make it with all that it lies in.
    if (call === 'mkdir' && code === 'EEXIST' && args[1]?.recursive) return undefined;
    throw systemError(code, call, args[0]);
  };
}

for (const call of ['readdir', 'readFile', 'stat', 'lstat', 'readlink']) patchReader(call);
patchChange('link', ([, to]) => [{ path: to, isThere: true }]);
patchChange('rename', ([from, to]) => [
  { path: from, isThere: false },
  { path: to, isThere: true },
]);
patchChange('unlink', ([path]) => [{ path, isThere: false }]);
patchChange('rm', ([path]) => [{ path, isThere: false }]);
patchChange('mkdir', ([path]) => [{ path, isThere: true }]);

/** A full disk still has names to give; it is the content that does not fit. */
function fullDisk(path) {
  const error = new Error(`ENOSPC: no space left on device, write '${path}'`);
  return Object.assign(error, { code: 'ENOSPC', syscall: 'write', path });
}

fs.open = async (path, flags = 'r', ...rest) => {
  const handle = await real.open(path, flags, ...rest);
  if (!isInside(path) || !/[wax+]/.test(flags)) return handle;
  learn(path, true);
  writesLeft -= 1;
  if (writesLeft < 0) handle.writeFile = () => Promise.reject(fullDisk(path));
  return handle;
};

fs.writeFile = async (path, data, ...rest) => {
  const isFull = isInside(path) && (writesLeft -= 1) < 0;
  await real.writeFile(path, isFull ? '' : data, ...rest);
  if (isInside(path)) learn(path, true);
  if (isFull) throw fullDisk(path);
};

syncBuiltinESMExports();
