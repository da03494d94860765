/**
 * `npm run bench -- formats`: how long our image formats take, side by side with qemu-img and the plain compressors in
 * one run and in turn, how large the files are, and how much memory our own process takes.
 */
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describeMachine, say } from './console.mjs';
import { ARTIFACTS, buildDisk, FORMAT_ITEMS } from './format-items.mjs';
import { measure } from './measure.mjs';
import { isNamed } from './run-bench.mjs';
import { digits, renderTable, row } from './table.mjs';

const MIB = 1024 ** 2;

const USAGE = `Usage: npm run bench -- formats [OPTIONS]

  --runs N           rounds (default 3; short ones are measured at least 12 times)
  --disk FILE        raw disk to convert; unless given, the kvm profile is built first
  --only NAME[,NAME…]  only these: ${FORMAT_ITEMS.map(({ name }) => name).join(' ')}
  --json             print a JSON document instead of the table
  --help             this text

A ratio is the median over the rounds of one side's time divided by the other's in the same round; who goes first
alternates. Nobody syncs to disk; a second ratio has the times with that. That the disk is read once for its digest
and its allocation is in no writer's time, because it counts once for all formats.
`;

/** Rounds over all items, each round one measurement of each side; an item that fails is left out from then on. */
async function measureAll({ runs, items }, lab, isInterrupted) {
  const rounds = new Map(items.map(({ name }) => [name, []]));
  const failed = new Map();
  const most = Math.max(runs, ...items.map(({ leastRuns = 0 }) => leastRuns));
  for (let round = 0; round < most; round += 1) {
    const due = items.filter(
      ({ name, leastRuns = 0 }) => !failed.has(name) && round < Math.max(runs, leastRuns),
    );
    for (const item of due) {
      try {
        rounds.get(item.name).push(await measureRound(item, lab, round));
      } catch (error) {
        if (isInterrupted()) return { rounds, failed };
        failed.set(item.name, error.message);
        say(`${item.name} FAILED: ${error.message}`);
      }
    }
  }
  return { rounds, failed };
}

async function measureRound({ name, sides }, lab, round) {
  const names = Object.keys(sides);
  const measured = {};
  for (const side of round % 2 === 0 ? names : names.toReversed()) {
    const out = lab.fresh('out');
    // What the one before left to be written must not slow this one.
    await measure('sync', []);
    try {
      measured[side] = await sides[side](lab, out);
    } finally {
      await rm(out, { recursive: true, force: true });
    }
    say(`round ${round + 1}  ${name}  ${side}  ${digits(measured[side].seconds)} s`);
  }
  return measured;
}

function mib(values) {
  return values.map((value) => value / MIB);
}

/** The rows of one item: both sides, how they compare, sizes, memory. */
function rowsOf({ name, label, targets, sides }, rounds) {
  const [first, second] = Object.keys(sides);
  const of = (member) => (side) => rounds.map((measured) => measured[side][member]);
  const [seconds, sizes, rss] = ['seconds', 'sizeBytes', 'rssMiB'].map(of);
  const ratio = (member, other = member) =>
    rounds
      .map((measured) => measured[first][member] / measured[second][other])
      .filter((value) => Number.isFinite(value));
  return [
    ...row(`${name}: ${first}`, seconds(first), 's'),
    ...row(`${name}: ${second}`, seconds(second), 's'),
    ...row(label, ratio('seconds'), '×', targets.ratio, 'at most'),
    ...row(`${name}: the same with both synced to disk`, ratio('syncedSeconds'), '×'),
    ...row(`${name}: size, ${first}`, mib(sizes(first)), 'MiB'),
    ...row(`${name}: size, ${second}`, mib(sizes(second)), 'MiB'),
    ...row(`${name}: size, ${first} ÷ ${second}`, ratio('sizeBytes'), '×', targets.sizeRatio, 'at most'),
    ...artifactRows(name, rounds, [first, second]),
    ...row(`${name}: peak memory of our own process`, largest(rss(first)), 'MiB', targets.memoryMiB),
  ];
}

function artifactRows(name, rounds, sides) {
  return ARTIFACTS.flatMap((suffix) =>
    sides.flatMap((side) => {
      const sizes = rounds.flatMap((measured) => measured[side].sizes?.[suffix] ?? []);
      return row(`${name}: size of ${suffix}, ${side}`, mib(sizes), 'MiB');
    }),
  );
}

function largest(values) {
  return values.length === 0 ? [] : [Math.max(...values)];
}

function report({ items, json }, { rounds, failed }) {
  const rows = items.flatMap((item) => rowsOf(item, rounds.get(item.name)));
  const machine = describeMachine();
  if (json) {
    const document = {
      machine,
      rows,
      rounds: Object.fromEntries(rounds),
      failures: Object.fromEntries(failed),
    };
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return;
  }
  const { cores, processor, node } = machine;
  const lines = [`${cores} cores, ${processor}, Node ${node}`, '', renderTable(rows)];
  for (const name of failed.keys()) lines.push('', `${name} FAILED; the reason is above`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** The bench of the formats. */
export const FORMATS_BENCH = {
  usage: USAGE,
  options: { disk: { type: 'string' } },
  items: FORMAT_ITEMS,
  choose: ({ disk }, only) => ({
    disk: disk && resolve(disk),
    items: FORMAT_ITEMS.filter((item) => only.length === 0 || only.some((wanted) => isNamed(item, wanted))),
  }),
  prepare: (lab, { disk }) => {
    lab.disk = () => disk ?? lab.kept('the finished disk of kvm', () => buildDisk(lab));
  },
  measureAll,
  report,
};
