/**
 * `npm run bench`: how long builds take, side by side with the plain programs that they are made of, how much memory
 * our own process takes, and how large the templates are. Everything happens in private directories, which are
 * removed at the end. Run it on an idle machine: it takes both of its cores.
 */
import { CATALOGUE_BENCH } from './catalogue.mjs';
import { describeMachine, say } from './console.mjs';
import { FORMATS_BENCH } from './formats.mjs';
import { ITEMS } from './items.mjs';
import { isNamed, runBench } from './run-bench.mjs';
import { TESTS_BENCH } from './tests.mjs';
import { digits, planRows, renderStages, renderTable } from './table.mjs';

const USAGE = `Usage: npm run bench -- [OPTIONS]
       npm run bench -- formats [OPTIONS]      image formats; --help tells its own options
       npm run bench -- test [OPTIONS]         booting and testing what was built
       npm run bench -- catalogue [OPTIONS]    commands on a catalogue of 10,000 releases

  --runs N                  rounds; the table has their medians (default 3)
  --profile server|kvm|all  whose builds (default all)
  --only NAME[,NAME…]       only these, or all that begin with such a name:
                            ${ITEMS.map(({ name }) => name).join(' ')}
                            the plain programs for kvm run only when they are named
  --json                    print a JSON document instead of the table
  --help                    this text
`;

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

/** The bench of whole builds. */
const BUILDS_BENCH = {
  usage: USAGE,
  options: { profile: { type: 'string', default: 'all' } },
  items: ITEMS,
  choose: ({ profile }, only) =>
    ['server', 'kvm', 'all'].includes(profile)
      ? { items: ITEMS.filter((item) => isWanted(item, only, profile)) }
      : `--profile takes server, kvm or all; found ${profile}`,
  measureAll,
  report,
};

const [first, ...rest] = process.argv.slice(2);
const others = { formats: FORMATS_BENCH, test: TESTS_BENCH, catalogue: CATALOGUE_BENCH };
process.exitCode = Object.hasOwn(others, first ?? '')
  ? await runBench(rest, others[first])
  : await runBench(process.argv.slice(2), BUILDS_BENCH);
