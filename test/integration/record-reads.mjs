/*
 * Loaded before the command line: writes the path of every file below `RECORD_BELOW` that is opened to `RECORD_TO`, one a
 * line, however it is opened.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { RECORD_BELOW: below, RECORD_TO: to } = process.env;
const append = fs.appendFileSync;

function note(path) {
  if (typeof path === 'string' && path.startsWith(below)) append(to, `${path.slice(below.length + 1)}\n`);
}

for (const owner of [fs, fs.promises]) {
  for (const name of [
    'open',
    'openSync',
    'readFile',
    'readFileSync',
    'writeFile',
    'writeFileSync',
    'readdir',
    'readdirSync',
  ]) {
    const real = owner[name];
    if (real === undefined) continue;
    owner[name] = (path, ...rest) => {
      note(path);
      return real.call(owner, path, ...rest);
    };
  }
}
syncBuiltinESMExports();
