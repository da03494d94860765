import { RETENTION } from '../../catalogue/plan-retention.ts';
import { renderByteSize } from '../../values/byte-size.ts';
import type { RunSweep } from '../../workflows/sweep-runs.ts';
import type { Command, CommandContext, CommandOutcome } from '../command.ts';
import { definedMembers } from '../defined-members.ts';
import { renderPrune } from '../render-prune.ts';
import { usageFailure } from '../usage-failure.ts';

const OPTIONS = {
  catalogue: { kind: 'text', value: 'DIR', summary: 'catalogue to prune; else ./catalogue' },
  'keep-previous': {
    kind: 'number',
    value: 'N',
    summary: `releases to keep that were on a channel before its head, of each channel; else ${RETENTION.previous}`,
  },
  'keep-days': {
    kind: 'number',
    value: 'D',
    summary: `keep releases, and evidence of failed builds, that are younger; else ${RETENTION.newerThanDays}`,
  },
  'keep-monthly': {
    kind: 'number',
    value: 'N',
    summary: `months of which the newest release is kept; else ${RETENTION.monthly}`,
  },
  by: { kind: 'text', value: 'WHO', summary: 'who is named in the history; else user@host' },
  yes: { kind: 'flag', summary: 'carry it out; else it is only said what would go' },
  runs: {
    kind: 'flag',
    summary: 'instead of releases: the directories of runs, and what killed builds left in the cache',
  },
  'older-than': {
    kind: 'number',
    value: 'DAYS',
    summary: 'with --runs: remove runs whole that ended longer ago; else disks after 3 days, logs after 30',
  },
} as const;

const DAY_MS = 24 * 60 * 60_000;

/** `mintmark prune`: withdraws old releases, or gives back the room that ended builds take. */
export const pruneCommand: Command<typeof OPTIONS> = {
  name: 'prune',
  summary: 'withdraw releases that no rule keeps, or give back the room that ended builds take',
  options: OPTIONS,
  positionals: [{ name: 'LINE', summary: 'lines to prune; else all', required: false, repeated: true }],
  examples: [
    { commandLine: 'mintmark prune', does: 'what would go, and why everything else stays' },
    { commandLine: 'mintmark prune server --keep-days 90 --yes', does: 'carries it out for one line' },
    { commandLine: 'mintmark prune --runs', does: 'what every build does when it begins' },
    { commandLine: 'mintmark prune --runs --older-than 0', does: 'every run that has ended, with its logs' },
  ],
  run: async ({ options, positionals }, context) => {
    if (options.runs) return pruneRuns(options['older-than'], positionals, context);
    if (options['older-than'] !== undefined) {
      throw usageFailure('--older-than is for --runs', 'releases go by --keep-days and its companions');
    }
    const { pruneReleases } = await import('../../workflows/prune-releases.ts');
    const report = await pruneReleases(
      {
        catalogue: options.catalogue ?? context.catalogue,
        lines: positionals,
        rules: {
          previous: options['keep-previous'] ?? RETENTION.previous,
          newerThanDays: options['keep-days'] ?? RETENTION.newerThanDays,
          monthly: options['keep-monthly'] ?? RETENTION.monthly,
        },
        carryOut: options.yes,
        ...definedMembers({ by: options.by }),
      },
      context.workflow,
    );
    return { document: { ...report }, result: renderPrune(report, context.layout) };
  },
};

async function pruneRuns(
  days: number | undefined,
  lines: readonly string[],
  { workflow }: CommandContext,
): Promise<CommandOutcome> {
  if (lines.length > 0) throw usageFailure('--runs takes no LINE', 'runs are swept whatever they built');
  const keepMs = days === undefined ? undefined : days * DAY_MS;
  const { sweepRuns } = await import('../../workflows/sweep-runs.ts');
  const { sweepWorkDirectories } = await import('../../workflows/work-directory.ts');
  const { sweepCache } = await import('../../workflows/sweep-cache.ts');
  await sweepWorkDirectories(workflow);
  await sweepCache(workflow);
  return describeSweep(await sweepRuns(workflow, keepMs === undefined ? {} : { keepLogsMs: keepMs }));
}

/** What was removed, for people and as a document. */
export function describeSweep(sweep: RunSweep): CommandOutcome {
  const { settled, emptied, removed, freedBytes } = sweep;
  const lines = [
    ...settled.map((path) => `settled  ${path}: its process had been killed`),
    ...emptied.map((path) => `emptied  ${path}: its disks are gone, its logs stay`),
    ...removed.map((path) => `removed  ${path}`),
    `${renderByteSize(freedBytes)} freed`,
  ];
  return { document: { settled, emptied, removed, freedBytes }, result: lines.join('\n') };
}
