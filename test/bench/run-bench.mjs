import { parseArgs } from 'node:util';
import { say, warnWhenBusy } from './console.mjs';
import { Lab } from './lab.mjs';
import { endRunning } from './measure.mjs';

/** Options that every bench has. */
const SHARED_OPTIONS = {
  runs: { type: 'string', default: '3' },
  only: { type: 'string', multiple: true, default: [] },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
};

/** Whether `--only` means an item: by its name, or by what that begins with. */
export function isNamed({ name }, wanted) {
  return name === wanted || name.startsWith(`${wanted}.`);
}

/**
 * Runs one bench and gives its exit code. A bench has `usage`, its own `options`, `items`, `choose(values, only)`, which
 * gives further settings or the text that says what is wrong with them, `prepare(lab, settings)`,
 * `measureAll(settings, lab, isInterrupted)` and `report(settings, result)`.
 */
export async function runBench(args, bench) {
  const settings = readSettings(args, bench);
  if (typeof settings === 'string') {
    process.stderr.write(`${settings}\n\n${bench.usage}`);
    return 2;
  }
  if (settings.help) {
    process.stdout.write(bench.usage);
    return 0;
  }
  warnWhenBusy();
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    endRunning();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, interrupt);
  const lab = await Lab.open(say);
  try {
    bench.prepare?.(lab, settings);
    const result = await bench.measureAll(settings, lab, () => interrupted);
    bench.report(settings, result);
    return interrupted ? 130 : Math.min(1, result.failed.size);
  } finally {
    await lab.close();
  }
}

/** What the options ask for, or the text that says why not. */
function readSettings(args, { options, items, choose }) {
  let values;
  try {
    ({ values } = parseArgs({ args, options: { ...SHARED_OPTIONS, ...options } }));
  } catch (error) {
    return error.message;
  }
  const { runs, json, help } = values;
  if (!/^[1-9][0-9]?$/.test(runs)) return `--runs takes a number from 1 to 99; found ${JSON.stringify(runs)}`;
  const only = values.only.flatMap((names) => names.split(','));
  const unknown = only.find((wanted) => !items.some((item) => isNamed(item, wanted)));
  if (unknown !== undefined) return `--only: there is no ${JSON.stringify(unknown)}`;
  const chosen = choose(values, only);
  return typeof chosen === 'string' ? chosen : { runs: Number(runs), json, help, ...chosen };
}
