// Loaded into the command line itself (`--import`): counts the changes that it makes to the file system, kills it right
// before or after one of them, as `kill -9` would, or holds it up before one. LAB_CALLS names the file that lists them.
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { setTimeout as delay } from 'node:timers/promises';
import { LAB } from './control.mjs';

const [wanted, when] = (process.env.LAB_KILL_AT ?? '0 never').split(' ');
const list = process.env.LAB_CALLS;
/** A text in the path of the change that is held up until `control/mintmark` is removed. */
const held = process.env.LAB_HOLD_AT;
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
    if (held !== undefined && args.slice(0, 2).some((arg) => String(arg).includes(held))) await hold();
    if (call === Number(wanted) && when === 'before') return die();
    const result = await original(...args);
    if (call === Number(wanted) && when === 'after') return die();
    return result;
  };
}

async function hold() {
  writeFileSync(`${LAB}/points/mintmark.change.paused`, '');
  while (existsSync(`${LAB}/control/mintmark`)) await delay(20);
}

function die() {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
}
