import type { Aspect, ReleaseDiff } from '../catalogue/release-diff.ts';
import { renderByteSize } from '../values/byte-size.ts';
import type { DiffRow, DiffSection, DiffSign } from './diff-section.ts';
import { fileOverview, fileRows } from './diff-file-rows.ts';
import { packageRows } from './diff-package-rows.ts';
import { listenerRows, serviceRows, systemRows } from './diff-system-rows.ts';

/** What a section has beside its title. */
type SectionContent = Partial<Omit<DiffSection, 'title'>>;

/** A difference in the order in which people read it: what may break or fix something comes first. */
export function planDiffSections(diff: ReleaseDiff): DiffSection[] {
  return [
    section('packages', diff.packages, (packages) => ({
      rows: packageRows(packages),
      remarks: packages.changelogs.known ? [] : [packages.changelogs.reason],
      headline: headlineOf(
        ['upgraded', packages.upgraded.length],
        ['downgraded', packages.downgraded.length],
        ['added', packages.added.length],
        ['removed', packages.removed.length],
        ['changed', packages.changed.length],
      ),
    })),
    section('system', diff.system, ({ changes }) => ({ rows: systemRows(changes) })),
    section('configuration', diff.configuration, configurationContent),
    section('services', diff.services, (services) => ({
      rows: serviceRows(services),
      remarks: services.running.known ? [] : [`what ran: ${services.running.reason}`],
    })),
    section('listening ports', diff.listeners, (listeners) => ({ rows: listenerRows(listeners) })),
    section('kernel arguments', diff.kernelArguments, kernelArgumentContent),
    section('files', diff.files, (files) => ({ rows: fileRows(files), overview: fileOverview(files) })),
    section('sizes', diff.sizes, sizeContent),
    section('artifacts', diff.artifacts, artifactContent),
  ];
}

/** `2 upgraded, 1 added`; empty when all counts are 0. */
function headlineOf(...counts: readonly (readonly [string, number])[]): string {
  return counts
    .filter(([, count]) => count > 0)
    .map(([word, count]) => `${count} ${word}`)
    .join(', ');
}

function section<T extends object>(
  title: string,
  aspect: Aspect<T>,
  describe: (known: T) => SectionContent,
): DiffSection {
  if (!aspect.known) return { title, headline: 'unknown', remarks: [aspect.reason], rows: [], texts: [] };
  const { rows = [], remarks = [], texts = [], headline, overview } = describe(aspect);
  return {
    title,
    headline: headline || headlineOfRows(rows) || 'no difference',
    remarks,
    rows,
    texts,
    ...(overview === undefined ? {} : { overview }),
  };
}

function headlineOfRows(rows: readonly DiffRow[]): string {
  const count = (sign: DiffSign): number => rows.filter((row) => row.sign === sign).length;
  return headlineOf(['changed', count('~')], ['added', count('+')], ['removed', count('-')]);
}

const SIGNS = { added: '+', removed: '-', changed: '~' } as const;

function configurationContent({
  files,
  untold,
}: Extract<ReleaseDiff['configuration'], { known: true }>): SectionContent {
  const texts = files.flatMap(({ path, diff }) =>
    diff === undefined ? [] : [{ path, lines: diff.trimEnd().split('\n').slice(2) }],
  );
  const rows = files.map(({ path, change, diff }) => ({
    sign: SIGNS[change],
    cells: diff === undefined ? [path, 'text not shown'] : [path],
  }));
  const remarks = untold.length === 0 ? [] : [`not known whether these changed: ${untold.join(', ')}`];
  return { rows, texts, remarks };
}

function kernelArgumentContent(
  changes: Extract<ReleaseDiff['kernelArguments'], { known: true }>,
): SectionContent {
  const { from, to, added, removed } = changes;
  const rows: DiffRow[] = [
    ...removed.map((word) => ({ sign: '-' as const, cells: [word] })),
    ...added.map((word) => ({ sign: '+' as const, cells: [word] })),
  ];
  if (rows.length === 0 && from.join(' ') !== to.join(' '))
    rows.push({ sign: '~', cells: [`other order: ${to.join(' ')}`] });
  return { rows };
}

function sizeContent({
  contentBytes,
  directories,
}: Extract<ReleaseDiff['sizes'], { known: true }>): SectionContent {
  const rows = directories.map(({ path, from, to }): DiffRow => {
    return { sign: signOf(from, to), cells: [path, sizes(from, to), delta(from, to)] };
  });
  const { from, to } = contentBytes;
  return { rows, headline: `${sizes(from, to)}${from === to ? '' : ` (${delta(from, to)})`}` };
}

function artifactContent({ list }: Extract<ReleaseDiff['artifacts'], { known: true }>): SectionContent {
  const rows = list.map(({ target, format, from, to }): DiffRow => {
    const name = `${target} ${format}`;
    if (!from) return { sign: '+', cells: [name, renderByteSize(to?.sizeBytes ?? 0)] };
    if (!to) return { sign: '-', cells: [name, renderByteSize(from.sizeBytes)] };
    const disk =
      from.virtualSizeBytes === to.virtualSizeBytes
        ? []
        : [`disk ${sizes(from.virtualSizeBytes, to.virtualSizeBytes)}`];
    const change = delta(from.sizeBytes, to.sizeBytes);
    return { sign: '~', cells: [name, sizes(from.sizeBytes, to.sizeBytes), change, ...disk] };
  });
  const differing = list.filter(({ from, to }) => from?.sizeBytes !== to?.sizeBytes).length;
  return { rows, headline: differing === 0 ? 'sizes are equal' : `${differing} of other size` };
}

function sizes(from: number, to: number): string {
  const [before, after] = [renderByteSize(from), renderByteSize(to)];
  return before === after ? after : `${before} → ${after}`;
}

function delta(from: number, to: number): string {
  if (from === to) return '=';
  return `${to > from ? '+' : '-'}${renderByteSize(Math.abs(to - from))}`;
}

function signOf(from: number, to: number): DiffSign {
  if (from === 0) return '+';
  return to === 0 ? '-' : '~';
}
