// Loaded into the command line itself (`--import`): counts the changes that it makes to the file system, and kills it
// right before or after one of them, as `kill -9` would. LAB_CALLS names the file that lists them.
import { appendFileSync, existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const [wanted, when] = (process.env.LAB_KILL_AT ?? '0 never').split(' ');
const list = process.env.LAB_CALLS;
const CHANGES = ['rename', 'link', 'symlink', 'rm', 'mkdtemp', 'copyFile', 'writeFile'];
let count = 0;

if (isMainThread && list !== undefined) {
  for (const name of CHANGES) wrap(name, () => true);
  wrap('mkdir', (path) => !existsSync(path));
  wrap('open', (_path, flags) => typeof flags === 'string' && /[wa+]/.test(flags));
  syncBuiltinESMExports();
}

function wrap(name, isChange) {
  const original = fs[name];
  fs[name] = async (...args) => {
    if (!isChange(...args)) return original(...args);
    const call = (count += 1);
    appendFileSync(list, `${call} ${name} ${String(args[0])}\n`);
    if (call === Number(wanted) && when === 'before') return die();
    const result = await original(...args);
    if (call === Number(wanted) && when === 'after') return die();
    return result;
  };
}

function die() {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
}
