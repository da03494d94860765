/**
 * `npm run bench -- catalogue`: how long commands take on a catalogue of 10,000 releases in 50 lines, as whole processes,
 * and how much memory.
 */
import { CATALOGUE_ITEMS, MEMORY_MIB, SCALE } from './catalogue-items.mjs';
import { describeMachine } from './console.mjs';
import { isNamed } from './run-bench.mjs';
import { renderTable, row } from './table.mjs';
import { measureRounds } from './tests.mjs';

const USAGE = `Usage: npm run bench -- catalogue [OPTIONS]

  --runs N             rounds (default 3)
  --only NAME[,NAME…]  only these: ${CATALOGUE_ITEMS.map(({ name }) => name).join(' ')}
  --json               print a JSON document instead of the table
  --help               this text
`;

function rowsOf(items, measurements) {
  return items.flatMap(({ name, label, targetSeconds }) => {
    const of = (member) => (measurements.get(name) ?? []).map((measured) => measured[member]);
    const memory = of('rssMiB');
    return [
      ...row(label, of('seconds'), 's', targetSeconds),
      // The promise is about every call, so the largest counts.
      ...row(`${label}: peak memory`, memory.length === 0 ? [] : [Math.max(...memory)], 'MiB', MEMORY_MIB),
    ];
  });
}

function report({ items, json }, { measurements, failed }) {
  const rows = rowsOf(items, measurements);
  const machine = describeMachine();
  if (json) {
    const failures = Object.fromEntries(failed);
    process.stdout.write(`${JSON.stringify({ machine, scale: SCALE, rows, failures }, null, 2)}\n`);
    return;
  }
  const { cores, processor, node } = machine;
  const size = `${SCALE.lines * SCALE.releases} releases in ${SCALE.lines} lines`;
  const lines = [`${size}; ${cores} cores, ${processor}, Node ${node}`, '', renderTable(rows)];
  for (const name of failed.keys()) lines.push('', `${name} FAILED; the reason is above`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** The bench of the catalogue. */
export const CATALOGUE_BENCH = {
  usage: USAGE,
  options: {},
  items: CATALOGUE_ITEMS,
  choose: (_values, only) => ({
    items: CATALOGUE_ITEMS.filter(
      (item) => only.length === 0 || only.some((wanted) => isNamed(item, wanted)),
    ),
  }),
  measureAll: measureRounds,
  report,
};
