import { FILE_HEADERS_ONLY, formatPatch, structuredPatch } from 'diff';

/** Two states of one text. */
export interface ChangedText {
  readonly path: string;
  /** Undefined when there was no such file. */
  readonly from: string | undefined;
  /** Undefined when there is no such file any more. */
  readonly to: string | undefined;
}

/**
 * Lines that may be added and removed before texts count as too different. The work grows with its square, and a limit
 * in lines gives the same answer on every machine, which one in seconds would not.
 */
const MAX_CHANGED_LINES = 1000;

/** Unchanged lines around a change, as diff(1) has them. */
const CONTEXT_LINES = 3;

/**
 * The difference of two texts as a unified diff, which patch(1) takes; empty when they are equal, undefined when they are
 * so different that nobody would read it.
 */
export function unifiedDiff({ path, from, to }: ChangedText): string | undefined {
  const names = [from === undefined ? '/dev/null' : `a${path}`, to === undefined ? '/dev/null' : `b${path}`];
  const patch = structuredPatch(names[0] ?? '', names[1] ?? '', from ?? '', to ?? '', undefined, undefined, {
    context: CONTEXT_LINES,
    // Where one side has nothing, there is nothing to search.
    maxEditLength: from === undefined || to === undefined ? Number.MAX_SAFE_INTEGER : MAX_CHANGED_LINES,
  });
  if (patch === undefined) return undefined;
  return patch.hunks.length === 0 ? '' : formatPatch(patch, FILE_HEADERS_ONLY);
}
