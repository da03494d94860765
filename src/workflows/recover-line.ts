import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessOwner } from '../catalogue/allocation.ts';
import {
  allocationDirectory,
  channelsDirectory,
  allocationPath,
  lineDirectory,
  releaseDirectory,
  requireLineName,
  STAGING,
} from '../catalogue/paths.ts';
import { isAbandoned } from '../host/heartbeat.ts';
import { checkAlive } from '../host/process-identity.ts';
import { removeSurely } from '../host/sure-files.ts';
import { burn } from './allocate-version.ts';
import { exists, listNames, withCatalogueErrors } from './catalogue-files.ts';
import { withLineLock } from './catalogue-locks.ts';
import { settleLine } from './change-line.ts';
import { completeFilings } from './file-release.ts';
import { ignoreDamage, listBuilds, readAllocation } from './read-line.ts';
import { sweepStaging } from './stage-release.ts';
import { completeWithdrawals } from './withdraw-files.ts';

/** What was found of killed runs, and settled. */
export interface LineRecovery {
  /** LONGs whose filing was completed. */
  readonly completed: readonly string[];
  /**
   * LONGs that were being built by a process that is dead, or is nowhere to be seen and silent; burnt now. Their own runs
   * can still be resumed.
   */
  readonly burnt: readonly string[];
  /** Staging directories that were removed. */
  readonly swept: readonly string[];
}

/** Files that are written under another name first, and claims on locks of dead processes. */
const TEMPORARY = /^\..*\.[0-9a-f]{8}\.tmp$|^\.(?:lock|turn)\../;

/** Temporary files live for milliseconds; older ones were left by a kill. */
const STALE_TEMPORARY_MS = 3_600_000;
/** Builds end in order, near enough: older allocations than this were settled long ago. */
const LOOK_BACK = 100;

/** Settles what killed runs left of a line. To be called when a build begins; does nothing in a new catalogue. */
export async function recoverLine(catalogue: string, line: string, now: Date): Promise<LineRecovery> {
  requireLineName(line);
  return withCatalogueErrors(catalogue, async () => {
    if (!(await exists(join(catalogue, lineDirectory(line))))) return { completed: [], burnt: [], swept: [] };
    const settled = await withLineLock(catalogue, line, async () => {
      await settleLine(catalogue, line);
      await completeWithdrawals(catalogue, line);
      return {
        completed: await completeFilings(catalogue, line, now),
        burnt: await burnAbandoned(catalogue, line, now),
      };
    });
    for (const directory of [
      '.',
      'latest',
      STAGING,
      lineDirectory(line),
      allocationDirectory(line),
      channelsDirectory(line),
    ]) {
      await removeTemporaries(join(catalogue, directory), now);
    }
    return { ...settled, swept: await sweepStaging(catalogue) };
  });
}

async function burnAbandoned(catalogue: string, line: string, now: Date): Promise<string[]> {
  const burnt: string[] = [];
  for (const build of (await listBuilds(catalogue, line)).slice(-LOOK_BACK)) {
    const allocation = await readAllocation(catalogue, line, build).catch(ignoreDamage);
    if (!allocation || (allocation.state !== 'reserved' && allocation.state !== 'building')) continue;
    const reason = await whyAbandoned(join(catalogue, allocationPath(line, build)), allocation.owner);
    if (reason === undefined) continue;
    const long = allocation.version;
    if (await exists(join(catalogue, releaseDirectory(line, long)))) continue;
    await burn({ catalogue, line, build, long }, reason, now);
    burnt.push(long);
  }
  return burnt;
}

/** Undefined while its build may still live. */
async function whyAbandoned(path: string, owner: ProcessOwner): Promise<string | undefined> {
  const state = await checkAlive(owner);
  if (state === 'dead') return 'its run ended without a word';
  if (state === 'alive' || !(await isAbandoned(path))) return undefined;
  return `its run was silent for ten minutes: process ${owner.pid} on ${owner.host}`;
}

async function removeTemporaries(directory: string, now: Date): Promise<void> {
  for (const name of await listNames(directory)) {
    if (!TEMPORARY.test(name)) continue;
    const path = join(directory, name);
    // Most are of others who work right now, and are gone before we look.
    const found = await lstat(path).catch(() => undefined);
    if (found !== undefined && now.getTime() - found.mtimeMs > STALE_TEMPORARY_MS) await removeSurely(path);
  }
}
