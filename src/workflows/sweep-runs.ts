import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readUsedBytes } from '../host/free-space.ts';
import { checkAlive } from '../host/process-identity.ts';
import { GIB } from '../values/byte-size.ts';
import type { WorkflowContext } from './build-request.ts';
import { MACHINES_DIRECTORY } from './build-scene.ts';
import { listNames } from './catalogue-files.ts';
import { STAGES, type StageName } from './events.ts';
import { readRunState, RunDirectory, runsDirectory, type RunState } from './run-directory.ts';

const DAY_MS = 24 * 60 * 60_000;
/** Disks of a run that failed are kept this long, to be gone on with or looked at. */
const KEEP_DISKS_MS = 3 * DAY_MS;
/** Logs of a run are kept this long. */
const KEEP_LOGS_MS = 30 * DAY_MS;
/** Disks of failed runs take at most this much together, in bytes; the oldest go first. */
const RUN_DISKS_LIMIT_BYTES = 20 * GIB;

/** What each stage leaves in a run's directory for the next ones. */
const STAGE_DISKS: Readonly<Partial<Record<StageName, readonly string[]>>> = {
  base: ['base'],
  packer: ['output'],
  finish: ['disk.raw', 'changelogs.tar.zst'],
  convert: ['release'],
};

/** What only a stage that is at work needs; a stage begins it anew. Keys among them. */
const WORKING_FILES =
  /^(?:tmp|build-key(?:\.pub)?|disk\.raw\.sparse|finish\.cpio\.gz|changelogs|changelogs\.tar|build\.log|.*\.partial|\..*\.tmp)$/;
/** Sockets of a virtual machine, and its process id. */
const MACHINE_FILES = /\.(?:sock|pid)$/;
/** What a machine of a test told; the rest of it is its key, its disks and its sockets. */
const MACHINE_WORDS = /\.(?:log|png)$/;

/** How runs are swept. */
export interface SweepRule {
  /** Disks of failed runs older than this go; three days unless given. */
  readonly keepDisksMs?: number;
  /** Directories older than this go; thirty days unless given. */
  readonly keepLogsMs?: number;
  readonly disksLimitBytes?: number;
  /** Directory of a run that is about to be gone on with. */
  readonly except?: string;
}

/** What a sweep did. */
export interface RunSweep {
  /** Runs whose process had died: they count as failed now. */
  readonly settled: readonly string[];
  /** Runs whose disks went. */
  readonly emptied: readonly string[];
  /** Runs that went altogether. */
  readonly removed: readonly string[];
  readonly freedBytes: number;
}

/** Everything of a run that is large: what is done with it is in the catalogue. */
export async function removeDisks(run: Pick<RunDirectory, 'path'>): Promise<void> {
  for (const name of Object.values(STAGE_DISKS).flat()) await remove(run.path, name);
  await removeWorkingFiles(run.path);
}

/**
 * Removes what a run needs no more to be gone on with: working files, and the output of stages that are not done.
 *
 * @param keep a stage whose half-made output somebody wants to look at, and what that is based on
 */
export async function removeStageLeftovers(run: RunDirectory, keep?: StageName): Promise<void> {
  await removeWorkingFiles(run.path);
  const stages = Object.keys(STAGE_DISKS).filter(isStageWithDisks);
  const isDone = (stage: StageName): boolean => run.stage(stage)?.status === 'done';
  for (const stage of stages) {
    if (isDone(stage) || stage === keep) continue;
    for (const name of STAGE_DISKS[stage] ?? []) await remove(run.path, name);
  }
  // The cache has the base as well; only an overlay of it needs this very copy.
  const isNeeded = isDone('packer') || keep === 'packer';
  if (!isNeeded) await remove(run.path, 'base');
}

/**
 * Settles the runs of processes that died without a word, and removes what has been kept long enough, or is too much.
 * What cannot be removed is only warned of. Runs of other hosts and containers are left alone until their logs are old.
 */
export async function sweepRuns(
  context: Pick<WorkflowContext, 'directories' | 'clock' | 'emit'>,
  rule: SweepRule = {},
): Promise<RunSweep> {
  const sweep = { settled: [] as string[], emptied: [] as string[], removed: [] as string[], freedBytes: 0 };
  let keptBytes = 0;
  for (const run of await readRuns(context)) {
    if (run.path === rule.except) continue;
    try {
      keptBytes += await sweepRun(run, { rule, sweep, keptBytes });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      context.emit({ type: 'warning', text: `${run.path} could not be swept: ${why}` });
    }
  }
  return sweep;
}

interface FoundRun {
  readonly path: string;
  readonly state: RunState | undefined;
  readonly ageMs: number;
}

interface Sweeping {
  readonly rule: SweepRule;
  readonly sweep: { settled: string[]; emptied: string[]; removed: string[]; freedBytes: number };
  /** Bytes that newer runs keep. */
  readonly keptBytes: number;
}

/** Returns how many bytes of disks the run keeps. */
async function sweepRun(found: FoundRun, { rule, sweep, keptBytes }: Sweeping): Promise<number> {
  const { path, ageMs } = found;
  const owner = await ownerState(found.state);
  if (owner === 'alive') return 0;
  if (ageMs > (rule.keepLogsMs ?? KEEP_LOGS_MS)) {
    sweep.freedBytes += await readUsedBytes(path);
    await rm(path, { recursive: true, force: true });
    sweep.removed.push(path);
    return 0;
  }
  if (owner === 'unknown') return 0;
  if (found.state?.status === 'running') {
    await settle(path, found.state);
    sweep.settled.push(path);
  }
  const diskBytes = await diskBytesOf(path);
  const isOld = found.state?.status === 'done' || ageMs > (rule.keepDisksMs ?? KEEP_DISKS_MS);
  const isTooMuch = keptBytes + diskBytes > (rule.disksLimitBytes ?? RUN_DISKS_LIMIT_BYTES);
  if (diskBytes === 0 || !(isOld || isTooMuch)) return diskBytes;
  await removeDisks({ path });
  sweep.emptied.push(path);
  sweep.freedBytes += diskBytes;
  return 0;
}

async function settle(path: string, state: RunState): Promise<void> {
  const run = await RunDirectory.reopen(path, state);
  for (const stage of STAGES) {
    const record = state.stages[stage];
    if (record?.status !== 'running') continue;
    await run.recordStage(stage, {
      ...record,
      status: 'failed',
      reason: 'its process was killed',
    });
  }
  await removeStageLeftovers(run);
  await run.update({ status: 'failed' });
}

async function ownerState(state: RunState | undefined): Promise<'alive' | 'dead' | 'unknown'> {
  const fate = state?.owner === undefined ? 'unknown' : await checkAlive(state.owner);
  // A run that has ended may still lend its disks to another profile of the same request.
  if (fate === 'alive' || state === undefined || state.status === 'running') return fate;
  return 'dead';
}

/** Newest first. */
async function readRuns({
  directories,
  clock,
}: Pick<WorkflowContext, 'directories' | 'clock'>): Promise<FoundRun[]> {
  const runs = runsDirectory(directories.state);
  const found: FoundRun[] = [];
  for (const name of await listNames(runs)) {
    const path = join(runs, name);
    const status = await stat(path).catch(() => undefined);
    if (status?.isDirectory() !== true) continue;
    found.push({ path, state: await readRunState(path), ageMs: clock.now().getTime() - status.mtimeMs });
  }
  return found.toSorted((a, b) => a.ageMs - b.ageMs);
}

async function diskBytesOf(path: string): Promise<number> {
  let bytes = 0;
  for (const name of Object.values(STAGE_DISKS).flat()) {
    const status = await stat(join(path, name)).catch(() => undefined);
    if (status?.isDirectory() === true) bytes += await readUsedBytes(join(path, name));
    else bytes += (status?.blocks ?? 0) * 512;
  }
  return bytes;
}

async function removeWorkingFiles(path: string): Promise<void> {
  for (const name of await listNames(path)) if (WORKING_FILES.test(name)) await remove(path, name);
  const vm = join(path, 'vm');
  for (const name of await readdir(vm).catch((): string[] => [])) {
    if (MACHINE_FILES.test(name)) await remove(vm, name);
  }
  await removeTestedMachines(join(path, MACHINES_DIRECTORY));
}

async function removeTestedMachines(directory: string): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isDirectory() && !MACHINE_WORDS.test(entry.name)) await remove(entry.parentPath, entry.name);
  }
}

function remove(directory: string, name: string): Promise<void> {
  return rm(join(directory, name), { recursive: true, force: true });
}

function isStageWithDisks(name: string): name is StageName {
  return name in STAGE_DISKS;
}
