import { join } from 'node:path';
import { readTextIfExists, writeFileAtomically } from '../host/files.ts';
import { STAGES, type StageName } from './events.ts';

/** How long the stages of one successful run took, in milliseconds. */
export interface RunTiming {
  readonly totalMs: number;
  readonly stageMs: Readonly<Partial<Record<StageName, number>>>;
}

/** What earlier runs of a profile let a person expect: medians, absent where nothing is known. */
export interface ExpectedTiming {
  readonly totalMs?: number;
  readonly stageMs: Readonly<Partial<Record<StageName, number>>>;
}

/** Runs that are remembered for each profile. */
const REMEMBERED_RUNS = 9;

/** The medians of a profile's last successful runs. A damaged record is as good as none: these are estimates. */
export async function readExpectedTiming(stateDirectory: string, profile: string): Promise<ExpectedTiming> {
  const runs = await readTimings(stateDirectory, profile);
  const stageMs = Object.fromEntries(
    STAGES.flatMap((stage) => {
      const known = runs.flatMap((run) => run.stageMs[stage] ?? []);
      return known.length === 0 ? [] : [[stage, median(known)]];
    }),
  );
  return runs.length === 0 ? { stageMs } : { stageMs, totalMs: median(runs.map((run) => run.totalMs)) };
}

/** Remembers a successful run for the estimates of the next ones. */
export async function rememberTiming(
  stateDirectory: string,
  profile: string,
  timing: RunTiming,
): Promise<void> {
  const runs = [...(await readTimings(stateDirectory, profile)), timing].slice(-REMEMBERED_RUNS);
  await writeFileAtomically(timingsPath(stateDirectory, profile), `${JSON.stringify(runs)}\n`);
}

async function readTimings(stateDirectory: string, profile: string): Promise<RunTiming[]> {
  try {
    const runs: unknown = JSON.parse((await readTextIfExists(timingsPath(stateDirectory, profile))) ?? '[]');
    return Array.isArray(runs) ? runs.filter(isTiming) : [];
  } catch {
    return [];
  }
}

function isTiming(value: unknown): value is RunTiming {
  if (typeof value !== 'object' || value === null) return false;
  const { totalMs, stageMs } = value as Partial<RunTiming>;
  return typeof totalMs === 'number' && typeof stageMs === 'object' && stageMs !== null;
}

function timingsPath(stateDirectory: string, profile: string): string {
  return join(stateDirectory, 'timings', `${profile}.json`);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : Math.round(((sorted[middle - 1] ?? 0) + upper) / 2);
}
