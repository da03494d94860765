// Preloaded into the command line (node --import): counts every change that it makes below one directory, and at one of
// them kills the process or lets the disk be full from then on. MINTMARK_FAULT holds {root, report?, at?, kind?}:
//   kind count   writes how many changes there were to `report`
//   kind before  SIGKILL instead of change number `at`
//   kind after   SIGKILL right after it; of a write, after half of it
//   kind full    from change `at` on nothing that takes space succeeds (ENOSPC); removing does
import fsp from 'node:fs/promises';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { resolve } from 'node:path';

const { root, report, at = 0, kind = 'count' } = JSON.parse(process.env.MINTMARK_FAULT ?? '{}');
const real = { ...fsp };
const paths = new WeakMap();
let count = 0;

const isBelow = (path) =>
  typeof path === 'string' && (resolve(path) === root || resolve(path).startsWith(`${root}/`));

function fullDisk(name, path) {
  const error = new Error(`ENOSPC: no space left on device, ${name} '${path}'`);
  return Object.assign(error, { code: 'ENOSPC', errno: -28, syscall: name, path });
}

/** Carries one change out, or what the fault makes of it. */
async function change(name, path, takesSpace, action, half = action) {
  count += 1;
  if (kind === 'count') appendFileSync(report, `${count} ${name} ${path}\n`);
  if (kind === 'full' && count >= at && takesSpace) throw fullDisk(name, path);
  if (count !== at) return action();
  if (kind === 'after') await half();
  if (kind === 'before' || kind === 'after') {
    process.kill(process.pid, 'SIGKILL');
    await new Promise(() => undefined);
  }
  return action();
}

function wrap(name, takesSpace, subject = 0) {
  fsp[name] = (...args) => {
    const path = args[subject];
    return isBelow(path) ? change(name, path, takesSpace, () => real[name](...args)) : real[name](...args);
  };
}

for (const name of ['mkdir', 'writeFile', 'appendFile']) wrap(name, true);
for (const name of ['rm', 'rmdir', 'unlink', 'chmod', 'truncate']) wrap(name, false);
for (const name of ['link', 'symlink', 'copyFile']) wrap(name, true, 1);
wrap('rename', false, 1);

fsp.open = async (path, flags = 'r', mode) => {
  const opening = () => real.open(path, flags, mode);
  const creates = typeof flags === 'string' ? /[wa]/.test(flags) : (flags & 0o100) !== 0;
  const handle = isBelow(path) && creates ? await change('open', path, true, opening) : await opening();
  if (isBelow(path) && creates) paths.set(handle, path);
  return handle;
};

const probe = await real.open(import.meta.filename, 'r');
const prototype = Object.getPrototypeOf(probe);
await probe.close();
for (const name of ['writeFile', 'write']) {
  const original = prototype[name];
  prototype[name] = function (data, ...rest) {
    const path = paths.get(this);
    const whole = () => original.call(this, data, ...rest);
    if (path === undefined) return whole();
    const half = () => original.call(this, data.slice(0, Math.floor(data.length / 2)), ...rest);
    return change(name, path, true, whole, half);
  };
}
const { sync } = prototype;
prototype.sync = function () {
  const path = paths.get(this);
  return path === undefined ? sync.call(this) : change('sync', path, false, () => sync.call(this));
};

syncBuiltinESMExports();
