/** What became of the thing in a row: there is more, less or another one of it, or a newer or an older one. */
export type DiffSign = '+' | '-' | '~' | '↑' | '↓';

/** One thing that changed. */
export interface DiffRow {
  readonly sign: DiffSign;
  readonly cells: readonly string[];
}

/** A file with its text difference. */
export interface DiffText {
  readonly path: string;
  /** Lines of a unified diff, its two headings left out. */
  readonly lines: readonly string[];
}

/** One aspect of a difference, for people. */
export interface DiffSection {
  readonly title: string;
  /** `2 upgraded, 1 added`, `no difference`, or `unknown`. */
  readonly headline: string;
  /** Why nothing is known, or why not all of it is. */
  readonly remarks: readonly string[];
  readonly rows: readonly DiffRow[];
  /** The same in fewer rows, for where there are too many. */
  readonly overview?: readonly DiffRow[];
  readonly texts: readonly DiffText[];
}
