import { join } from 'node:path';
import { checkJournal, describeTimeOrder } from '../catalogue/check-journal.ts';
import { checkViews, type StaleView } from '../catalogue/check-views.ts';
import type { LineState } from '../catalogue/channel-rules.ts';
import { findingsOf, type Finding } from '../catalogue/finding.ts';
import type { LineJournal } from '../catalogue/journal.ts';
import type { LineIndex } from '../catalogue/line-index.ts';
import { journalPath, lineDirectory, lineReleasesDirectory } from '../catalogue/paths.ts';
import { exists, readLinkIfExists } from './catalogue-files.ts';
import { inspectAllocations } from './inspect-allocations.ts';
import { inspectEvidence } from './inspect-evidence.ts';
import { inspectReleases } from './inspect-releases.ts';
import { readLineState } from './read-line-state.ts';
import { readLineViews } from './read-line-views.ts';
import type { RecordedFile } from './verify-content.ts';

/** What there is to a line, but for the content of its files. */
export interface LineInspection {
  readonly line: string;
  readonly findings: readonly Finding[];
  /** What a killed change left undone and can be done now. */
  readonly stale: readonly StaleView[];
  /** LONGs whose filing was killed after the release stood in its place. */
  readonly unfiled: readonly string[];
  /** LONGs whose withdrawal was killed before all their files were gone. */
  readonly withdrawing: readonly string[];
  /** What is worth saying and is no damage. */
  readonly notes: readonly string[];
  readonly releases: number;
  /** Files whose bytes are recorded. */
  readonly files: readonly RecordedFile[];
  /** Absent when the journal cannot be understood. */
  readonly journal?: LineJournal;
  readonly index?: LineIndex;
}

/** Looks at everything of a line but the content of its files. Writes nothing. */
export async function inspectLine(catalogue: string, line: string): Promise<LineInspection> {
  const astray = await findLinks(catalogue, line);
  if (astray.length > 0) {
    return {
      line,
      findings: astray,
      stale: [],
      unfiled: [],
      withdrawing: [],
      notes: [],
      releases: 0,
      files: [],
    };
  }
  const reading = await readState(catalogue, line);
  const { state } = reading;
  const views = await inspectViews(catalogue, line, state);
  const [releases, allocations, evidence] = await Promise.all([
    inspectReleases(catalogue, line, state),
    state === undefined ? undefined : inspectAllocations(catalogue, line, state.index),
    state === undefined ? [] : inspectEvidence(catalogue, state),
  ]);
  return {
    line,
    findings: [
      ...reading.findings,
      ...views.findings,
      ...(state === undefined ? [] : checkJournal(state)),
      ...releases.findings,
      ...(allocations?.findings ?? []),
      ...evidence,
    ],
    stale: views.stale,
    unfiled: [...new Set([...releases.unfiled, ...(allocations?.unfiled ?? [])])],
    withdrawing: releases.withdrawing,
    notes: [
      ...(state === undefined ? [] : describeTimeOrder(state.journal)),
      ...views.notes,
      ...releases.notes,
      ...(allocations?.notes ?? []),
    ],
    releases: releases.count,
    files: releases.files,
    ...state,
  };
}

/** Behind a symbolic link in the place of a directory is another line, or nothing of ours at all. */
async function findLinks(catalogue: string, line: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const path of [lineDirectory(line), lineReleasesDirectory(line)]) {
    const target = await readLinkIfExists(join(catalogue, path));
    if (target === undefined) continue;
    findings.push({
      path,
      fault: 'is not a directory',
      expected: 'a directory',
      found: `a link to ${target}`,
    });
  }
  return findings;
}

async function readState(
  catalogue: string,
  line: string,
): Promise<{ readonly state?: LineState; readonly findings: readonly Finding[] }> {
  try {
    return { state: await readLineState(catalogue, line), findings: [] };
  } catch (error) {
    return { findings: findingsOf(error, journalPath(line)) };
  }
}

/** Nothing is made from a journal that is not there: releases from before there were any are shown by what they are. */
async function inspectViews(
  catalogue: string,
  line: string,
  state: LineState | undefined,
): Promise<{
  readonly stale: readonly StaleView[];
  readonly findings: readonly Finding[];
  readonly notes: string[];
}> {
  if (state === undefined || state.journal.entries.length === 0)
    return { stale: [], findings: [], notes: [] };
  if (!(await exists(join(catalogue, journalPath(line))))) {
    const note = `${journalPath(line)} is not there yet: the next release that is filed begins it`;
    return { stale: [], findings: [], notes: [note] };
  }
  return { ...checkViews(state, await readLineViews(catalogue, line)), notes: [] };
}
