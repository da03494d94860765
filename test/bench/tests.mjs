/**
 * `npm run bench -- test`: how long machines take from power-on until they are ready, what several formats cost more than
 * one, and what tests add to a build.
 */
import { resolve } from 'node:path';
import { describeMachine, say } from './console.mjs';
import { isNamed } from './run-bench.mjs';
import { digits, median, renderStages, renderTable, row } from './table.mjs';
import { COMPARISONS, TEST_ITEMS } from './test-items.mjs';

const USAGE = `Usage: npm run bench -- test [OPTIONS]

  --runs N           rounds (default 3)
  --catalogue DIR    catalogue whose releases are booted; what it lacks is built, without tests
  --only NAME[,NAME…]  only these: ${TEST_ITEMS.map(({ name }) => name).join(' ')}
  --json             print a JSON document instead of the table
  --help             this text
`;

/** Rounds over all items; an item that fails is left out from then on, and the others go on. */
export async function measureRounds({ runs, items }, lab, isInterrupted) {
  const measurements = new Map(items.map(({ name }) => [name, []]));
  const failed = new Map();
  for (let round = 1; round <= runs; round += 1) {
    for (const item of items.filter(({ name }) => !failed.has(name))) {
      if (isInterrupted()) return { measurements, failed };
      try {
        const measured = await item.run(lab);
        measurements.get(item.name).push(measured);
        say(`round ${round} of ${runs}  ${item.name}  ${digits(measured.seconds)} s`);
      } catch (error) {
        if (isInterrupted()) return { measurements, failed };
        failed.set(item.name, error.message);
        say(`round ${round} of ${runs}  ${item.name} FAILED: ${error.message}`);
      }
    }
  }
  return { measurements, failed };
}

function rowsOf(items, measurements) {
  const seconds = (name) => (measurements.get(name) ?? []).map((measured) => measured.seconds);
  const times = items.flatMap(({ name, label, targetSeconds }) =>
    row(label, seconds(name), 's', targetSeconds),
  );
  const compared = COMPARISONS.flatMap(({ label, unit, target, of, compare }) => {
    const [a, b] = of.map(seconds);
    if (a.length === 0 || b.length === 0) return [];
    return row(label, [compare(median(a), median(b))], unit, target, 'at most');
  });
  return [...times, ...compared];
}

function report({ items, json }, { measurements, failed }) {
  const rows = rowsOf(items, measurements);
  const machine = describeMachine();
  if (json) {
    const failures = Object.fromEntries(failed);
    process.stdout.write(`${JSON.stringify({ machine, rows, failures }, null, 2)}\n`);
    return;
  }
  const { cores, processor, node } = machine;
  const lines = [`${cores} cores, ${processor}, Node ${node}`, '', renderTable(rows)];
  const stages = renderStages(items, measurements);
  if (stages !== '') lines.push('', stages);
  for (const name of failed.keys()) lines.push('', `${name} FAILED; the reason is above`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** The bench of tests. */
export const TESTS_BENCH = {
  usage: USAGE,
  options: { catalogue: { type: 'string' } },
  items: TEST_ITEMS,
  choose: ({ catalogue }, only) => ({
    catalogue: catalogue && resolve(catalogue),
    items: TEST_ITEMS.filter((item) => only.length === 0 || only.some((wanted) => isNamed(item, wanted))),
  }),
  prepare: (lab, { catalogue }) => {
    lab.catalogue = catalogue;
  },
  measureAll: measureRounds,
  report,
};
