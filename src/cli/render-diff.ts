import type { ReleaseDiff } from '../catalogue/release-diff.ts';
import { summarizeDiff } from '../catalogue/summarize-diff.ts';
import type { DiffRow, DiffSection, DiffText } from '../reports/diff-section.ts';
import { planDiffSections } from '../reports/diff-sections.ts';
import {
  renderColumns,
  truncate,
  visibleLength,
  withoutControlCharacters,
  type TextLayout,
} from './text-layout.ts';

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
    ...wrap(summarizeDiff(diff), width),
    ...diff.notes.flatMap((note) => wrap(`! ${note}`, width).map(style.yellow)),
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
    ...remarks.flatMap((remark) => wrap(`? ${remark}`, width - 2).map((line) => `  ${style.yellow(line)}`)),
    ...renderRows(shown, layout),
    ...texts.slice(0, MAX_TEXTS).flatMap((text) => ['', ...renderText(text, layout)]),
    ...moreLine(texts.length - MAX_TEXTS, 'more of these', layout),
  ];
  return [`${style.bold(title.padEnd(TITLE_WIDTH))}${words}`, ...body, ...(body.length === 0 ? [] : [''])];
}

function renderRows(rows: readonly DiffRow[], layout: TextLayout): string[] {
  const shown = rows.slice(0, MAX_ROWS);
  const room = layout.width - 4;
  const cells = shown.map((row) => cellsWithin(row.cells.map(withoutControlCharacters), room));
  // What is said of a package is worth a line of its own where it would be cut.
  const plain = cells.map((row) => (row.length < 3 ? row : row.slice(0, -1)));
  const narrow = renderColumns(plain);
  const lines = renderColumns(cells).map((line, place) => {
    if (visibleLength(line) <= room) return [line];
    const unaligned = (cells[place] ?? []).join('  ');
    if (visibleLength(unaligned) <= room) return [unaligned];
    const rest = cells[place]?.length === plain[place]?.length ? undefined : cells[place]?.at(-1);
    return [narrow[place] ?? line, ...(rest === undefined ? [] : [`  ${rest}`])];
  });
  return [
    ...lines.flatMap(([first = '', ...rest], place) => [
      `  ${signOf(shown[place]?.sign ?? '~', layout)} ${truncate(first, room)}`,
      ...rest.map((line) => `    ${truncate(line, room)}`),
    ]),
    ...moreLine(rows.length - shown.length, 'more', layout),
  ];
}

/** The first column must leave room for what is said of it: half of the width. */
function cellsWithin(cells: readonly string[], room: number): string[] {
  if (cells.length < 2) return [...cells];
  const half = Math.floor(room / 2);
  return cells.map((cell, place) => (place === 0 ? shorten(cell, half) : cell));
}

/** Of a long path its end tells most. */
function shorten(text: string, width: number): string {
  const characters = Array.from(text);
  if (characters.length <= width || !text.startsWith('/')) return truncate(text, width);
  return `…${characters.slice(1 - width).join('')}`;
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

/** Words in lines that are no longer than `width`; those after the first are indented. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of withoutControlCharacters(text).split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && visibleLength(`${line} ${word}`) <= width)
      lines[lines.length - 1] += ` ${word}`;
    else lines.push(line === undefined ? word : `  ${word}`);
  }
  return lines.map((line) => truncate(line, width));
}

function fit(text: string, width: number): string {
  return truncate(withoutControlCharacters(text), width);
}
