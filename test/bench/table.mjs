import { FLOORS, TARGETS } from './items.mjs';

/** Middle value; of an even number, the mean of the two in the middle. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Rows of the result: what was measured, its median, its spread, and whether a promise is kept. */
export function planRows(items, measurements) {
  const of = (name, member) => (measurements.get(name) ?? []).map((measured) => measured[member]);
  const times = items.flatMap(({ name, label, targetSeconds }) =>
    row(label, of(name, 'seconds'), 's', targetSeconds),
  );
  const profiles = ['server', 'kvm'].flatMap((profile) => profileRows(profile, of));
  return [...times, ...profiles];
}

function profileRows(profile, of) {
  const floors = FLOORS.map(({ name }) => of(`${profile}.${name}`, 'seconds'));
  const cold = of(`${profile}.cold`, 'seconds');
  const { timesFloors, sizeMiB } = TARGETS[profile];
  const sum = floors.every((values) => values.length > 0)
    ? floors.map(median).reduce((total, value) => total + value, 0)
    : undefined;
  const memory = ['cold', 'warm', 'same'].flatMap((name) => of(`${profile}.${name}`, 'rssMiB'));
  return [
    ...(sum === undefined ? [] : row(`${profile}: sum of the plain ones`, [sum], 's')),
    ...(sum === undefined || cold.length === 0
      ? []
      : row(`${profile}: first build ÷ that sum`, [median(cold) / sum], '×', timesFloors, 'at most')),
    // The promise is about every build, so the largest counts.
    ...row(`${profile}: peak memory of our own process`, largest(memory), 'MiB', TARGETS.memoryMiB),
    ...row(`${profile}: size of the qcow2`, of(`${profile}.cold`, 'sizeMiB'), 'MiB', sizeMiB, 'at most'),
  ];
}

function largest(values) {
  return values.length === 0 ? [] : [Math.max(...values)];
}

/** A row of the table, or none when nothing was measured. */
export function row(label, values, unit, target, bound = 'under') {
  if (values.length === 0) return [];
  const value = median(values);
  const range = [Math.min(...values), Math.max(...values)];
  const met = target === undefined ? undefined : bound === 'under' ? value < target : value <= target;
  return [{ label, value, range, count: values.length, unit, target, bound, met }];
}

/** The rows as a Markdown table. */
export function renderTable(rows) {
  const cells = rows.map(({ label, value, range, count, unit, target, bound, met }) => [
    label,
    `${digits(value)} ${unit}`,
    count === 1 ? '' : `${digits(range[0])}–${digits(range[1])}`,
    String(count),
    target === undefined ? '' : `${bound} ${target} ${unit}`,
    met === undefined ? '' : met ? 'yes' : 'NO',
  ]);
  const all = [['what', 'median', 'range', 'runs', 'target', 'met'], ...cells];
  const widths = all[0].map((_, column) => Math.max(...all.map((line) => line[column].length)));
  const [head, ...lines] = all.map((line) =>
    renderLine(line.map((cell, column) => cell.padEnd(widths[column]))),
  );
  return [head, renderLine(widths.map((width) => '-'.repeat(width))), ...lines].join('\n');
}

/** Where the time of our own builds goes: medians of each stage, a line per item. */
export function renderStages(items, measurements) {
  return items
    .flatMap(({ name }) => {
      const stages = (measurements.get(name) ?? []).flatMap(({ stageMs }) => stageMs ?? []);
      const names = [...new Set(stages.flatMap(Object.keys))];
      const parts = names.map((stage) => {
        const seconds = stages.flatMap((one) => one[stage] ?? []).map((ms) => ms / 1000);
        return `${stage} ${digits(median(seconds))}`;
      });
      return parts.length > 1 ? [`stages of ${name}, in s: ${parts.join(', ')}`] : [];
    })
    .join('\n');
}

/** Three significant figures, which is more than a shared machine deserves. */
export function digits(value) {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function renderLine(cells) {
  return `| ${cells.join(' | ')} |`;
}
