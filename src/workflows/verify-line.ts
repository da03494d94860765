import type { Finding } from '../catalogue/finding.ts';
import { lineDirectory } from '../catalogue/paths.ts';
import { Failure } from '../errors/failure.ts';
import { isSystemError } from '../host/files.ts';
import type { WorkflowContext } from './build-request.ts';
import { withLineLock } from './catalogue-locks.ts';
import { settleLine } from './change-line.ts';
import { completeFilings } from './file-release.ts';
import { inspectLine, type LineInspection } from './inspect-line.ts';
import { completeWithdrawals, findUnfinishedWithdrawals } from './withdraw-files.ts';
import { verifyContent, type RecordedFile } from './verify-content.ts';

/** How a line is verified. */
export interface VerifyLineOptions {
  readonly catalogue: string;
  readonly line: string;
  /** Reads the content of files, told of those that are not as recorded. */
  readonly readContent: (files: readonly RecordedFile[]) => Promise<readonly Finding[]>;
}

/**
 * Verifies a line without a lock, which holds nobody up; what looks wrong is looked at again under it, when nobody is in
 * the middle of anything. What a killed change left is completed then, where the catalogue can be written.
 */
export async function verifyLine(
  options: VerifyLineOptions,
  context: Pick<WorkflowContext, 'clock' | 'signal'>,
): Promise<LineInspection> {
  const { catalogue, line, readContent } = options;
  const first = await inspectLine(catalogue, line);
  const damaged = await readContent(first.files);
  const unfinished = first.index === undefined ? [] : await findUnfinishedWithdrawals(catalogue, first.index);
  if (isClean(first) && damaged.length === 0 && unfinished.length === 0) return first;
  const again = async (): Promise<LineInspection> => {
    const second = await inspectLine(catalogue, line);
    return {
      ...second,
      findings: [...second.findings, ...(await readAgain(second, damaged, options, context))],
    };
  };
  try {
    return await withLineLock(catalogue, line, async () =>
      complete(catalogue, await again(), again, context),
    );
  } catch (error) {
    // A line that leads out of the catalogue gets no lock, and is told as the damage that it is.
    const isElsewhere = error instanceof Failure && error.code === 'E_CATALOGUE_SHAPE';
    if (!isElsewhere && !isSystemError(error, 'EROFS', 'EACCES', 'EPERM')) throw error;
    const last = await again();
    return { ...last, notes: [...last.notes, ...describeUndone(last, 'the next change completes it')] };
  }
}

function isClean(inspection: LineInspection): boolean {
  return inspection.findings.length === 0 && isComplete(inspection);
}

function isComplete({ stale, unfiled, withdrawing }: LineInspection): boolean {
  return stale.length === 0 && unfiled.length === 0 && withdrawing.length === 0;
}

/** Only what was found damaged, and is still there to be read: whoever holds the lock holds up others. */
function readAgain(
  { files }: LineInspection,
  damaged: readonly Finding[],
  { catalogue }: VerifyLineOptions,
  { signal }: Pick<WorkflowContext, 'signal'>,
): Promise<Finding[]> {
  const paths = new Set(damaged.map(({ path }) => path));
  const suspects = files.filter(({ path }) => paths.has(path));
  return suspects.reduce(
    async (found, file) => [...(await found), ...(await verifyContent(catalogue, file, signal))],
    Promise.resolve<Finding[]>([]),
  );
}

/** Under the line's lock. Nothing is made from a journal that is damaged itself. */
async function complete(
  catalogue: string,
  found: LineInspection,
  again: () => Promise<LineInspection>,
  { clock }: Pick<WorkflowContext, 'clock'>,
): Promise<LineInspection> {
  const { line, journal } = found;
  if (isComplete(found)) return found;
  if (journal === undefined || found.findings.some(({ path }) => path.endsWith('/journal.json'))) {
    return { ...found, notes: [...found.notes, ...describeUndone(found, 'left as it is')] };
  }
  try {
    if (found.stale.length > 0) await settleLine(catalogue, line);
    if (found.unfiled.length > 0) await completeFilings(catalogue, line, clock.now());
    if (found.withdrawing.length > 0) await completeWithdrawals(catalogue, line);
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'conflict') throw error;
    const stopped = { path: lineDirectory(line), fault: `cannot be completed: ${error.message}` };
    return { ...found, findings: [...found.findings, stopped] };
  }
  const completed = await again();
  return { ...completed, notes: [...completed.notes, ...describeUndone(found, 'completed')] };
}

function describeUndone({ line, stale, unfiled, withdrawing }: LineInspection, what: string): string[] {
  return [
    ...stale.map(({ path, fault }) => `${path} ${fault}: ${what === 'completed' ? 'written again' : what}`),
    ...unfiled.map((long) => `the filing of ${line} ${long} was killed: ${what}`),
    ...withdrawing.map((long) => `the withdrawal of ${line} ${long} was killed: ${what}`),
  ];
}
