import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** What the fake tools written for Node have in common; `control.sh` says how they are steered. */

/** The laboratory's directory: the only variable that reaches every program is HOME. */
export const LAB = dirname(process.env.HOME ?? '/nowhere/home');

const TOOL = basename(process.argv[1] ?? '');
const RULES = join(LAB, 'control', TOOL);

/** Does what the test wants at this point: nothing, an end with an exit code, or a pause until the rules are gone. */
export async function at(point) {
  writeFileSync(join(LAB, 'points', `${TOOL}.${point}`), '');
  const rule = readText(RULES)
    .split('\n')
    .map((line) => line.split(' '))
    .find(([name]) => name === point);
  if (rule?.[1] === 'fail') throw new ToldToFail(point, Number(rule[2]));
  if (rule?.[1] !== 'pause') return;
  writeFileSync(join(LAB, 'points', `${TOOL}.${point}.paused`), '');
  while (existsSync(RULES)) await delay(30);
}

/** Thrown by {@link at}. */
export class ToldToFail extends Error {
  constructor(point, exitCode) {
    super(`told to fail at ${point}`);
    this.exitCode = exitCode;
  }
}

/**
 * Writes what the test wants to be written to a stream: `control/TOOL.print` holds a JSON list of
 * `{ stream, pieces }`, the pieces written one by one with a pause in between.
 */
export async function print(stream, write) {
  const wanted = JSON.parse(readText(`${RULES}.print`) || '[]');
  for (const { pieces } of wanted.filter((each) => each.stream === stream)) {
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) await delay(40);
      write(piece);
    }
  }
}

function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
