import type { TextStyle } from './text-style.ts';

/** How wide and how colourful a text may be. */
export interface TextLayout {
  /** Columns. */
  readonly width: number;
  readonly style: TextStyle;
}

/** Widest line we lay out, however wide the terminal is: longer lines are hard to follow. */
export const MAX_WIDTH = 110;

/** Width for streams that are not terminals. */
export const DEFAULT_WIDTH = 100;

/** Columns a text takes, colours not counted. */
export function visibleLength(text: string): number {
  return Array.from(text.replace(/\x1b\[[0-9;]*m/g, '')).length;
}

/** A line without anything that moves a cursor, rings or colours; tabs become spaces. */
export function withoutControlCharacters(text: string): string {
  return text
    .replace(/\x1b\[[0-?]*[ -/]*[@-~]/g, '')
    .replace(/\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)/g, '')
    .replace(/\t/g, ' ')
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '');
}

/** The text, cut with an ellipsis when it is longer than `width` columns. Expects no colours. */
export function truncate(text: string, width: number): string {
  const characters = Array.from(text);
  if (characters.length <= width) return text;
  return width < 1 ? '' : `${characters.slice(0, width - 1).join('')}…`;
}

/** `left` and `right` at the two ends of a line; two columns apart when they do not fit. */
export function alignRight(left: string, right: string, width: number): string {
  const gap = Math.max(2, width - visibleLength(left) - visibleLength(right));
  return `${left}${' '.repeat(gap)}${right}`;
}

/** Whether both ends fit into one line with two columns between them. */
export function fitsBeside(left: string, right: string, width: number): boolean {
  return visibleLength(left) + visibleLength(right) + 2 <= width;
}

/** Rows as columns two spaces apart, each as wide as its widest cell; the last column is not padded. */
export function renderColumns(rows: readonly (readonly string[])[], indent = 0): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, visibleLength(cell));
    }
  }
  return rows.map((row) => {
    const cells = row.map((cell, index) =>
      index === row.length - 1 ? cell : cell + ' '.repeat((widths[index] ?? 0) - visibleLength(cell)),
    );
    return `${' '.repeat(indent)}${cells.join('  ')}`.trimEnd();
  });
}

/** The text in lines of at most `width` columns, broken between words; a longer word stands alone. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || visibleLength(last) + 1 + visibleLength(word) > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
