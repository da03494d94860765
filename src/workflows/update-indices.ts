import { join } from 'node:path';
import { aptRootPaths } from '../bases/apt-config.ts';
import type { WorkflowContext } from './build-request.ts';
import { askPatiently, mirrorWaitMs } from './mirror-patience.ts';
import { runApt } from './run-apt.ts';
import { bytesIn } from './watch-arrivals.ts';

const UPDATE_DEADLINE_MS = 180_000;
/** How long indices are waited for without a byte, in milliseconds, when nobody says otherwise. */
const WAIT_MS = 90_000;
/** Longest time for the indices in all, in milliseconds. */
const TOTAL_MS = 10 * 60_000;

/**
 * Brings the indices of a private apt root up to date; a mirror that does not answer now is asked again.
 *
 * @param directory the apt root
 * Raises `E_MIRROR_…`, and `E_MIRROR_WAIT` for a `MINTMARK_MIRROR_WAIT` that is none.
 */
export async function updateIndices(directory: string, context: WorkflowContext): Promise<void> {
  const paths = aptRootPaths(directory);
  const arrivals = [paths.lists, join(paths.lists, 'partial')];
  const words = ['apt-get', 'update', '--error-on=any', '-q'];
  const call = { config: paths.config, words, deadlineMs: UPDATE_DEADLINE_MS, arrivals };
  const patience = {
    quietMs: mirrorWaitMs(context.environment, WAIT_MS),
    totalMs: TOTAL_MS,
    measure: () => bytesIn(arrivals),
  };
  await askPatiently(() => runApt(call, context), patience, context);
}
