import type { LineOverview, ListedRelease, ReleaseList } from '../workflows/list-releases.ts';
import { renderByteSize } from '../values/byte-size.ts';
import { renderInstant } from './render-instant.ts';
import { renderColumns, visibleLength, wrapWords, type TextLayout } from './text-layout.ts';

const GAP = 2;

/** One row per line of the catalogue. */
export function renderLines(lines: readonly LineOverview[], { style, width }: TextLayout): string {
  const rows = lines.map(({ line, newest, releases, sizeBytes, channels }) => [
    line,
    newest?.long ?? '-',
    newest === undefined ? '-' : newest.created.slice(0, 10),
    String(releases),
    sizeBytes === 0 ? '-' : renderByteSize(sizeBytes),
    Object.entries(channels)
      // The newest release is named already.
      .map(([channel, long]) => (long === newest?.long ? channel : unbroken(`${channel} ${long}`)))
      .join(', ') || '-',
  ]);
  const head = ['line', 'newest', 'created', 'releases', 'size', 'channels'].map(style.bold);
  return renderTable([head, ...rows], width).join('\n');
}

/** Words that stay on one line. */
function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

/** How a list of releases is shortened. */
export interface ListLimits {
  /** Whether releases whose files are gone are shown. */
  readonly all: boolean;
  readonly limit: number;
}

/** The releases of a line, newest first, and how many more there are. */
export function renderReleaseList(list: ReleaseList, limits: ListLimits, layout: TextLayout): string {
  const { style, width } = layout;
  const there = list.releases.filter(({ withdrawn }) => limits.all || withdrawn === undefined);
  const shown = there.slice(0, limits.limit);
  const head = ['release', 'created', 'state', 'tests', 'size', 'used by'].map(style.bold);
  const rows = shown.map((release) => renderRow(release, layout));
  const more = there.length - shown.length;
  const gone = list.releases.length - there.length;
  const rest = [
    ...(more === 0 ? [] : [`${more} more; --limit ${there.length} shows them`]),
    ...(gone === 0 ? [] : [`${gone} withdrawn; --all shows ${gone === 1 ? 'it' : 'them'}`]),
  ];
  return [
    ...(list.floating === undefined ? [] : [renderMeaning(list.floating, list.releases), '']),
    ...(shown.length === 0 ? [] : renderTable([head, ...rows], width)),
    ...(rest.length === 0 ? [] : [...(shown.length === 0 ? [] : ['']), style.dim(rest.join(' · '))]),
  ].join('\n');
}

/** `stable → 26.11.21-1.57`; of a range, how many releases are in it. */
function renderMeaning(floating: string, releases: readonly ListedRelease[]): string {
  const [first] = releases;
  return `${floating} → ${releases.length === 1 && first ? first.long : `${releases.length} releases`}`;
}

function renderRow(release: ListedRelease, { style }: TextLayout): string[] {
  const { long, created, state, tests, sizeBytes, channels, pins = [] } = release;
  const paint = state === 'active' ? (text: string) => text : style.red;
  return [
    long,
    renderInstant(created),
    paint(state),
    tests ?? '-',
    sizeBytes === undefined || state === 'withdrawn' ? '-' : renderByteSize(sizeBytes),
    [
      ...channels,
      ...pins.map(({ until }) => (until === undefined ? 'pin' : unbroken(`pin until ${until}`))),
    ].join(', ') || '-',
  ];
}

/** Columns of which the last one goes on below itself where the line is full. */
function renderTable(rows: readonly (readonly string[])[], width: number): string[] {
  const last = Math.max(0, ...rows.map((row) => row.length - 1));
  const taken = Array.from({ length: last }, (_, column) =>
    Math.max(...rows.map((row) => visibleLength(row[column] ?? ''))),
  ).reduce((sum, cell) => sum + cell + GAP, 0);
  return renderColumns(
    rows.flatMap((row) => {
      const wrapped = wrapWords(row[last] ?? '', Math.max(20, width - taken));
      const [first = '', ...others] = wrapped.map((line) => line.replaceAll('\u00a0', ' '));
      const blank = row.slice(0, last).map(() => '');
      return [[...row.slice(0, last), first], ...others.map((line) => [...blank, line])];
    }),
  );
}
