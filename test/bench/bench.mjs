/**
 * `npm run bench`: how long builds take, side by side with the plain programs that they are made of, how much memory
 * our own process takes, and how large the templates are. Everything happens in private directories, which are
 * removed at the end. Run it on an idle machine: it takes both of its cores.
 */
import { parseArgs } from 'node:util';
import { describeMachine, say, warnWhenBusy } from './console.mjs';
import { benchFormats } from './formats.mjs';
import { ITEMS } from './items.mjs';
import { Lab } from './lab.mjs';
import { endRunning } from './measure.mjs';
import { digits, planRows, renderStages, renderTable } from './table.mjs';

const USAGE = `Usage: npm run bench -- [OPTIONS]
       npm run bench -- formats [OPTIONS]      image formats; --help tells its own options

  --runs N                  rounds; the table has their medians (default 3)
  --profile server|kvm|all  whose builds (default all)
  --only NAME[,NAME…]       only these, or all that begin with such a name:
                            ${ITEMS.map(({ name }) => name).join(' ')}
                            the plain programs for kvm run only when they are named
  --json                    print a JSON document instead of the table
  --help                    this text
`;

const OPTIONS = {
  runs: { type: 'string', default: '3' },
  profile: { type: 'string', default: 'all' },
  only: { type: 'string', multiple: true, default: [] },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
};

/** What the options ask for, or the text that says why not. */
function readOptions(args) {
  let values;
  try {
    ({ values } = parseArgs({ args, options: OPTIONS }));
  } catch (error) {
    return error.message;
  }
  const { runs, profile, json, help } = values;
  if (!/^[1-9][0-9]?$/.test(runs)) return `--runs takes a number from 1 to 99; found ${JSON.stringify(runs)}`;
  if (!['server', 'kvm', 'all'].includes(profile))
    return `--profile takes server, kvm or all; found ${profile}`;
  const only = values.only.flatMap((names) => names.split(','));
  const unknown = only.find((wanted) => !ITEMS.some((item) => isNamed(item, wanted)));
  if (unknown !== undefined) return `--only: there is no ${JSON.stringify(unknown)}`;
  const items = ITEMS.filter((item) => isWanted(item, only, profile));
  return { runs: Number(runs), items, json, help };
}

function isNamed({ name }, wanted) {
  return name === wanted || name.startsWith(`${wanted}.`);
}

function isWanted(item, only, profile) {
  if (profile !== 'all' && item.profile !== undefined && item.profile !== profile) return false;
  return only.length === 0 ? item.byDefault : only.some((wanted) => isNamed(item, wanted));
}

/** Rounds over all items; an item that fails is left out from then on, and the others go on. */
async function measureAll({ runs, items }, lab, isInterrupted) {
  const measurements = new Map(items.map(({ name }) => [name, []]));
  const failed = new Map();
  for (let round = 1; round <= runs; round += 1) {
    for (const item of items.filter(({ name }) => !failed.has(name))) {
      try {
        for (let time = 0; time < (item.times ?? 1); time += 1) {
          if (isInterrupted()) return { measurements, failed };
          const measured = await item.run(lab);
          measurements.get(item.name).push(measured);
          say(`round ${round} of ${runs}  ${item.name}  ${digits(measured.seconds)} s`);
        }
      } catch (error) {
        if (isInterrupted()) return { measurements, failed };
        failed.set(item.name, error.message);
        say(`round ${round} of ${runs}  ${item.name} FAILED: ${error.message}`);
      }
    }
  }
  return { measurements, failed };
}

function report({ items, json }, { measurements, failed }) {
  const rows = planRows(items, measurements);
  const machine = describeMachine();
  const failures = Object.fromEntries(failed);
  if (json) {
    const raw = Object.fromEntries([...measurements].map(([name, all]) => [name, all.map(withoutOutput)]));
    process.stdout.write(`${JSON.stringify({ machine, rows, measurements: raw, failures }, null, 2)}\n`);
    return;
  }
  const { cores, processor, node } = machine;
  const lines = [`${cores} cores, ${processor}, Node ${node}`, '', renderTable(rows)];
  const stages = renderStages(items, measurements);
  if (stages !== '') lines.push('', stages);
  for (const name of failed.keys()) lines.push('', `${name} FAILED; the reason is above`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

function withoutOutput(measured) {
  return Object.fromEntries(Object.entries(measured).filter(([name]) => name !== 'stdout'));
}

async function benchBuilds(args) {
  const options = readOptions(args);
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(USAGE);
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
    const result = await measureAll(options, lab, () => interrupted);
    report(options, result);
    return interrupted ? 130 : Math.min(1, result.failed.size);
  } finally {
    await lab.close();
  }
}

const [first, ...rest] = process.argv.slice(2);
process.exitCode = first === 'formats' ? await benchFormats(rest) : await benchBuilds(process.argv.slice(2));
