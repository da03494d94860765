import type { ReleaseDiff } from '../catalogue/release-diff.ts';
import { summarizeDiff } from '../catalogue/summarize-diff.ts';
import type { DiffRow, DiffSection, DiffText } from '../reports/diff-section.ts';
import { planDiffSections } from '../reports/diff-sections.ts';
import { renderColumns, truncate, withoutControlCharacters, type TextLayout } from './text-layout.ts';

/** Rows of a section; the JSON document has all. */
const MAX_ROWS = 20;

/** Lines of one file's text difference. */
const MAX_LINES = 24;

/** Files whose text difference is shown. */
const MAX_TEXTS = 8;

/** What changed between two releases, for a terminal. Names come from images and are made harmless. */
export function renderDiff(diff: ReleaseDiff, layout: TextLayout): string {
  const { style, width } = layout;
  const { from, to } = diff;
  const newer = from.line === to.line ? to.long : `${to.line} ${to.long}`;
  const sections = planDiffSections(diff);
  return [
    style.bold(`${from.line} ${from.long} → ${newer}`),
    truncate(summarizeDiff(diff), width),
    ...diff.notes.map((note) => style.yellow(`! ${fit(note, width - 2)}`)),
    '',
    ...sections.flatMap((section) => renderSection(section, layout)),
  ].join('\n');
}

/** Columns of a section's title. */
const TITLE_WIDTH = 18;

function renderSection(section: DiffSection, layout: TextLayout): string[] {
  const { style, width } = layout;
  const { title, headline, remarks, rows, overview, texts } = section;
  const words = headline === 'unknown' ? style.yellow(headline) : headline;
  const shown = rows.length > MAX_ROWS ? (overview ?? rows) : rows;
  const body = [
    ...remarks.map((remark) => `  ${style.yellow('?')} ${fit(remark, width - 4)}`),
    ...renderRows(shown, layout),
    ...texts.slice(0, MAX_TEXTS).flatMap((text) => ['', ...renderText(text, layout)]),
    ...moreLine(texts.length - MAX_TEXTS, 'differences in text', layout),
  ];
  return [`${style.bold(title.padEnd(TITLE_WIDTH))}${words}`, ...body, ...(body.length === 0 ? [] : [''])];
}

function renderRows(rows: readonly DiffRow[], layout: TextLayout): string[] {
  const shown = rows.slice(0, MAX_ROWS);
  const room = layout.width - 4;
  const lines = renderColumns(
    shown.map(({ cells }) => cellsWithin(cells.map(withoutControlCharacters), room)),
  );
  return [
    ...lines.map((line, place) => `  ${signOf(shown[place]?.sign ?? '~', layout)} ${truncate(line, room)}`),
    ...moreLine(rows.length - shown.length, 'more', layout),
  ];
}

/** The first column must leave room for what is said of it: half of the width. */
function cellsWithin(cells: readonly string[], room: number): string[] {
  if (cells.length < 2) return [...cells];
  const half = Math.floor(room / 2);
  return cells.map((cell, place) => (place === 0 ? truncateStart(cell, half) : cell));
}

/** Of a long path its end tells most. */
function truncateStart(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width ? text : `…${characters.slice(1 - width).join('')}`;
}

function signOf(sign: DiffRow['sign'], { style }: TextLayout): string {
  if (sign === '+' || sign === '↑') return style.green(sign);
  return sign === '~' ? style.yellow(sign) : style.red(sign);
}

function renderText({ path, lines }: DiffText, layout: TextLayout): string[] {
  const { style, width } = layout;
  const shown = lines.slice(0, MAX_LINES).map((line) => {
    const text = fit(line, width - 4);
    if (line.startsWith('+')) return style.green(text);
    if (line.startsWith('-')) return style.red(text);
    return line.startsWith('@@') ? style.dim(text) : text;
  });
  return [
    `    ${style.bold(fit(path, width - 4))}`,
    ...shown.map((line) => `    ${line}`.trimEnd()),
    ...moreLine(lines.length - shown.length, 'more lines', layout),
  ];
}

function moreLine(count: number, what: string, { style }: TextLayout): string[] {
  return count > 0 ? [`    ${style.dim(`and ${count} ${what}; --format json has all`)}`] : [];
}

function fit(text: string, width: number): string {
  return truncate(withoutControlCharacters(text), width);
}
