import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LineState } from '../catalogue/channel-rules.ts';
import type { WithdrawEntry } from '../catalogue/journal.ts';
import { FAILED, LINES, lineFailedDirectory, releaseDirectory } from '../catalogue/paths.ts';
import {
  planRetention,
  type ExpiredRelease,
  type LineRetention,
  type RetainedRelease,
  type RetentionRules,
} from '../catalogue/plan-retention.ts';
import { readJsonObjectIfExists } from '../host/files.ts';
import { readUsedBytes } from '../host/free-space.ts';
import { operatorName } from '../host/operator.ts';
import { isLineName } from '../manifests/safe-names.ts';
import type { WorkflowContext } from './build-request.ts';
import { listNames, withCatalogueErrors } from './catalogue-files.ts';
import { withLineLock } from './catalogue-locks.ts';
import { changeLine } from './change-line.ts';
import { readKnownLine } from './locate-release.ts';
import { readLineState } from './read-line-state.ts';
import { completeWithdrawals, findUnfinishedWithdrawals, listWithdrawable } from './withdraw-files.ts';

/** How a catalogue is pruned. */
export interface PruneRequest {
  readonly catalogue: string;
  /** All lines when empty. */
  readonly lines: readonly string[];
  readonly rules: RetentionRules;
  /** Who prunes, as `user@host`; whoever runs us unless given. */
  readonly by?: string;
  /** Whether it is done; otherwise it is only said what would be, and nothing is written. */
  readonly carryOut: boolean;
}

/** What pruning does, or would do. */
export interface PruneReport {
  readonly lines: readonly PrunedLine[];
  /** Bytes on disk that nobody has afterwards; a file with a name elsewhere, too, frees nothing. */
  readonly freedBytes: number;
  readonly carriedOut: boolean;
}

/** What becomes of a line. */
export interface PrunedLine {
  readonly line: string;
  readonly keep: readonly RetainedRelease[];
  readonly withdraw: readonly ExpiredRelease[];
  /** LONGs whose files a kill had left when they were withdrawn; they go now. */
  readonly unfinished: readonly string[];
  /** LONGs of failed builds whose evidence is as old as releases that go. */
  readonly failed: readonly string[];
}

/**
 * Withdraws the releases that no rule keeps: the journal says so first, then their files go, but for their manifest and
 * what people ask of old releases. Killed at any moment, another call goes on with it.
 *
 * Raises `E_LINE_UNKNOWN` (usage); what a journal that cannot be read raises, whichever line's it is: what was made from
 * what must be known first; failures of kind `host` for a catalogue that cannot be written; the signal's reason.
 */
export async function pruneReleases(
  request: PruneRequest,
  context: Pick<WorkflowContext, 'clock' | 'signal'>,
): Promise<PruneReport> {
  const { catalogue } = request;
  return withCatalogueErrors(catalogue, async () => {
    const names = await requireLines(catalogue, request.lines);
    const pruning: Pruning = { ...request, now: context.clock.now(), only: new Set(names) };
    const plans = await planPruning(pruning);
    const lines = await Promise.all(plans.map((plan) => describeLine(pruning, plan)));
    const freedBytes = await countFreedBytes(catalogue, lines);
    if (!request.carryOut) return { lines, freedBytes, carriedOut: false };
    const done: PrunedLine[] = [];
    for (const line of lines) {
      context.signal.throwIfAborted();
      done.push(await pruneLine(pruning, line, context.signal));
    }
    return { lines: done, freedBytes, carriedOut: true };
  });
}

interface Pruning extends PruneRequest {
  readonly now: Date;
  readonly only: ReadonlySet<string>;
}

async function requireLines(catalogue: string, wanted: readonly string[]): Promise<string[]> {
  const all = await listLines(catalogue);
  for (const line of wanted.filter((name) => !all.includes(name))) await readKnownLine(catalogue, line);
  return wanted.length === 0 ? all : [...new Set(wanted)];
}

/** A line whose builds have all failed has evidence and nothing else. */
async function listLines(catalogue: string): Promise<string[]> {
  const names = [...(await listNames(join(catalogue, LINES))), ...(await listNames(join(catalogue, FAILED)))];
  return [...new Set(names)].filter(isLineName).toSorted();
}

async function planPruning({ catalogue, rules, now, only }: Pruning): Promise<LineRetention[]> {
  const states: LineState[] = [];
  for (const line of await listLines(catalogue)) states.push(await readLineState(catalogue, line));
  return planRetention(states, { rules, now, only });
}

async function describeLine(pruning: Pruning, { line, keep, withdraw }: LineRetention): Promise<PrunedLine> {
  const { catalogue } = pruning;
  const { index } = await readLineState(catalogue, line);
  const unfinished = await findUnfinishedWithdrawals(catalogue, index);
  return { line, keep, withdraw, unfinished, failed: await findOldFailures(pruning, line, index.releases) };
}

/** What goes is decided once more under the lock: somebody may have pinned or promoted it since. */
async function pruneLine(pruning: Pruning, before: PrunedLine, signal: AbortSignal): Promise<PrunedLine> {
  const { catalogue, now, by = operatorName() } = pruning;
  const { line, unfinished, failed } = before;
  let plan: LineRetention = before;
  if (before.withdraw.length > 0) {
    await changeLine(catalogue, line, async () => {
      plan = (await planPruning(pruning)).find((each) => each.line === line) ?? before;
      const stamp = { at: now.toISOString(), by };
      return plan.withdraw.map((release): WithdrawEntry => ({ ...stamp, action: 'withdraw', ...release }));
    });
  }
  if (plan.withdraw.length + unfinished.length > 0) {
    await withLineLock(catalogue, line, () => completeWithdrawals(catalogue, line, signal));
  }
  for (const long of failed) {
    await rm(join(catalogue, lineFailedDirectory(line), long), { recursive: true, force: true });
  }
  return { line, keep: plan.keep, withdraw: plan.withdraw, unfinished, failed };
}

const DAY_MS = 24 * 60 * 60_000;

/** Evidence goes by the days of the rules, counted as those of releases are: a clock ahead makes nothing old. */
async function findOldFailures(
  { catalogue, rules, now }: Pruning,
  line: string,
  releases: readonly { readonly created: string }[],
): Promise<string[]> {
  const directory = join(catalogue, lineFailedDirectory(line));
  const found = new Map<string, number>();
  for (const name of await listNames(directory)) found.set(name, await failedAtMs(join(directory, name)));
  const newest = Math.max(...found.values(), ...releases.map(({ created }) => Date.parse(created)));
  const since = Math.min(now.getTime(), newest) - rules.newerThanDays * DAY_MS;
  return [...found].filter(([, atMs]) => atMs <= since).map(([name]) => name);
}

async function failedAtMs(directory: string): Promise<number> {
  const at = Date.parse(String((await readJsonObjectIfExists(join(directory, 'failure.json')))?.['at']));
  return Number.isNaN(at) ? (await lstat(directory)).mtimeMs : at;
}

/** A file counts when its last name goes: a reissue and its source have the same bytes under two. */
async function countFreedBytes(catalogue: string, lines: readonly PrunedLine[]): Promise<number> {
  const files = new Map<string, { readonly usedBytes: number; readonly names: number; leaving: number }>();
  let freedBytes = 0;
  for (const { line, withdraw, unfinished, failed } of lines) {
    for (const long of [...withdraw.map((release) => release.long), ...unfinished]) {
      const directory = join(catalogue, releaseDirectory(line, long));
      for (const name of await listWithdrawable(directory)) {
        const { dev, ino, nlink, blocks } = await lstat(join(directory, name));
        const key = `${dev}:${ino}`;
        const file = files.get(key) ?? { usedBytes: blocks * BLOCK_BYTES, names: nlink, leaving: 0 };
        files.set(key, { ...file, leaving: file.leaving + 1 });
      }
    }
    for (const long of failed) {
      freedBytes += await readUsedBytes(join(catalogue, lineFailedDirectory(line), long));
    }
  }
  const leaving = [...files.values()].filter(({ names, leaving: gone }) => gone >= names);
  return leaving.reduce((sum, { usedBytes }) => sum + usedBytes, freedBytes);
}

/** What `st_blocks` counts in (POSIX), whatever the file system's own blocks are. */
const BLOCK_BYTES = 512;
