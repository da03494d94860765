import { renderByteSize } from '../../values/byte-size.ts';
import type { RunSweep } from '../../workflows/sweep-runs.ts';
import type { Command, CommandOutcome } from '../command.ts';
import { usageFailure } from '../usage-failure.ts';

const OPTIONS = {
  runs: { kind: 'flag', summary: 'sweep the directories of runs, and what killed builds left in the cache' },
  'older-than': {
    kind: 'number',
    value: 'DAYS',
    summary: 'remove runs whole that ended longer ago; else disks after 3 days, logs after 30',
  },
} as const;

const DAY_MS = 24 * 60 * 60_000;

/** `mintmark prune`: gives room back that ended builds take. */
export const pruneCommand: Command<typeof OPTIONS> = {
  name: 'prune',
  summary: 'give back the room that ended builds take',
  options: OPTIONS,
  positionals: [],
  examples: [
    { commandLine: 'mintmark prune --runs', does: 'what every build does when it begins' },
    { commandLine: 'mintmark prune --runs --older-than 0', does: 'every run that has ended, with its logs' },
  ],
  run: async ({ options }, { workflow }) => {
    if (!options.runs) {
      throw usageFailure('prune needs to be told what: --runs', 'releases cannot be pruned yet');
    }
    const days = options['older-than'];
    const keepMs = days === undefined ? undefined : days * DAY_MS;
    const { sweepRuns } = await import('../../workflows/sweep-runs.ts');
    const { sweepWorkDirectories } = await import('../../workflows/work-directory.ts');
    const { sweepCache } = await import('../../workflows/sweep-cache.ts');
    await sweepWorkDirectories(workflow);
    await sweepCache(workflow);
    return describeSweep(await sweepRuns(workflow, keepMs === undefined ? {} : { keepLogsMs: keepMs }));
  },
};

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
