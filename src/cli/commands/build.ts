import type { BuildOutcome } from '../../workflows/build-outcome.ts';
import type { BuildRequest } from '../../workflows/build-request.ts';
import { checkAssignments, checkDate, checkMirror } from '../check-values.ts';
import type { Command, CommandOutcome } from '../command.ts';
import { definedMembers } from '../defined-members.ts';
import type { OptionTable, OptionValues } from '../option.ts';
import { renderBuildOutcome } from '../render-build.ts';
import type { TextLayout } from '../text-layout.ts';
import { usageFailure } from '../usage-failure.ts';
import { ACCELERATOR, PACKAGE_SOURCES, PACKER, PROFILE_CHANGES, targetsOf } from './profile-options.ts';

const OPTIONS = {
  profile: { kind: 'list', value: 'PROFILE', summary: 'what to build: a built-in name or a profile file' },
  ...PROFILE_CHANGES,
  catalogue: { kind: 'text', value: 'DIR', summary: 'catalogue to file the release in; else ./catalogue' },
  date: {
    kind: 'text',
    value: 'YYYY-MM-DD',
    summary: 'day of the version; else of SOURCE_DATE_EPOCH, else today, UTC',
  },
  'build-number': { kind: 'number', value: 'N', summary: 'take this BUILD number instead of the next one' },
  'new-catalogue': { kind: 'flag', summary: 'allow an empty catalogue where CI=true' },
  ...ACCELERATOR,
  ...PACKAGE_SOURCES,
  ...PACKER,
  'no-test': { kind: 'flag', summary: 'file the release without booting it' },
  rebuild: { kind: 'flag', summary: 'build although a release from the same inputs exists' },
  wait: { kind: 'flag', summary: 'queue behind another build of the same line' },
  resume: {
    kind: 'optional-text',
    value: 'RUN',
    summary: 'go on with a run that failed, where it stopped; the newest unless named',
  },
  'keep-failed': { kind: 'flag', summary: 'keep the disk of the stage that fails, too' },
  'dry-run': { kind: 'flag', summary: 'print the plan; reserve and write nothing' },
} as const satisfies OptionTable;

/** `mintmark build`: the whole pipeline. */
export const buildCommand: Command<typeof OPTIONS> = {
  name: 'build',
  summary: 'cut, shrink, stamp and file templates',
  options: OPTIONS,
  positionals: [],
  examples: [
    { commandLine: 'mintmark build --profile server', does: 'a small Debian server' },
    { commandLine: 'mintmark build --profile kvm --set disk.sizeMiB=8192', does: 'with a larger disk' },
    { commandLine: 'mintmark build --profile ./edge.yaml --target vmware', does: 'your own profile' },
    { commandLine: 'mintmark build --resume', does: 'what failed last, from where it stopped' },
  ],
  run: async ({ options }, context) => {
    const request = buildRequestOf(options, context.catalogue);
    const { buildTemplates } = await import('../../workflows/build.ts');
    const outcomes = await buildTemplates(request, context.workflow);
    return describeBuilds(outcomes, context.summaryLayout);
  },
};

/**
 * The request that the options stand for.
 *
 * Raises `E_USAGE` when no profile is named, or a value is not what its option takes.
 */
export function buildRequestOf(options: OptionValues<typeof OPTIONS>, catalogue: string): BuildRequest {
  if (options.profile.length === 0 && options.resume === undefined) {
    throw usageFailure('build needs --profile PROFILE', 'mintmark profiles lists the built-in ones');
  }
  if (options.resume !== undefined) checkResumption(options);
  return {
    profiles: options.profile,
    targets: targetsOf(options.target),
    set: checkAssignments('set', options.set),
    catalogue: options.catalogue ?? catalogue,
    newCatalogue: options['new-catalogue'],
    accelerator: options.accel,
    offline: options.offline,
    test: !options['no-test'],
    rebuild: options.rebuild,
    wait: options.wait,
    keepFailed: options['keep-failed'],
    dryRun: options['dry-run'],
    ...definedMembers({
      date: checkDate('date', options.date),
      buildNumber: options['build-number'],
      mirror: checkMirror('mirror', options.mirror),
      guestMirror: checkMirror('guest-mirror', options['guest-mirror']),
      packer: options.packer,
      resume: options.resume,
    }),
  };
}

/** A resumed run keeps what it was asked for; an option that would change it is not silently ignored. */
function checkResumption(options: OptionValues<typeof OPTIONS>): void {
  const given = RECIPE_OPTIONS.filter((name) => {
    const value = options[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  });
  if (given.length === 0) return;
  const names = given.map((name) => `--${name}`).join(', ');
  throw usageFailure(
    `--resume goes on with what was asked for, so it cannot take ${names}`,
    'leave them out, or build anew without --resume',
  );
}

/** Options that decide what is built. */
const RECIPE_OPTIONS = [
  'target',
  'set',
  'catalogue',
  'date',
  'build-number',
  'mirror',
  'guest-mirror',
  'rebuild',
  'dry-run',
] as const;

/**
 * One build: its facts at the top of the document; several: a list under `builds`. The result is the plan
 * of a dry run, else the path of every artifact, one per line.
 */
export function describeBuilds(outcomes: readonly BuildOutcome[], layout: TextLayout): CommandOutcome {
  const [first] = outcomes;
  const plans = outcomes.flatMap(({ status, plan }) => (status === 'planned' ? [plan] : []));
  const paths = outcomes.flatMap(({ path, artifacts }) =>
    artifacts.length > 0 ? artifacts.map((artifact) => artifact.path) : (path ?? []),
  );
  const result =
    plans.length > 0 ? JSON.stringify(plans.length === 1 ? plans[0] : plans, undefined, 2) : paths.join('\n');
  return {
    document: outcomes.length === 1 && first ? { ...first } : { builds: outcomes },
    summary: outcomes.map((outcome) => renderBuildOutcome(outcome, layout)).join('\n\n'),
    ...(result === '' ? {} : { result }),
  };
}
