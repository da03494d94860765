import { Failure } from '../../errors/failure.ts';
import type { ValidatedProfile } from '../../workflows/validate-profile.ts';
import { checkAssignments } from '../check-values.ts';
import type { Command, CommandContext, CommandOutcome } from '../command.ts';
import { failureDocument } from '../json-document.ts';
import { renderColumns, type TextLayout } from '../text-layout.ts';
import { PACKER, PROFILE_CHANGES, targetsOf } from './profile-options.ts';

const OPTIONS = {
  profile: { kind: 'list', value: 'PROFILE', summary: 'what to check; else every built-in profile' },
  ...PROFILE_CHANGES,
  ...PACKER,
} as const;

/** One profile's verdict. */
type Verdict =
  | { readonly profile: string; readonly validated: ValidatedProfile }
  | { readonly profile: string; readonly failure: Failure };

/** `mintmark validate`: profile faults, then the rendered HCL, read back and given to Packer. */
export const validateCommand: Command<typeof OPTIONS> = {
  name: 'validate',
  summary: 'check profiles and the Packer projects made from them',
  options: OPTIONS,
  positionals: [],
  examples: [
    { commandLine: 'mintmark validate', does: 'every built-in profile' },
    { commandLine: 'mintmark validate --profile ./edge.yaml', does: 'your own' },
  ],
  run: async ({ options }, context) => {
    const set = checkAssignments('set', options.set);
    const { BUILT_IN_PROFILES } = await import('../../profiles/built-in.ts');
    const references = options.profile.length > 0 ? options.profile : Object.keys(BUILT_IN_PROFILES);
    const verdicts: Verdict[] = [];
    const { findPacker } = await import('../../workflows/find-packer.ts');
    const packer = await findPacker(options.packer, context.workflow);
    const { validateProfile } = await import('../../workflows/validate-profile.ts');
    for (const reference of references) {
      const request = { reference, targets: targetsOf(options.target), set };
      verdicts.push(
        await judge(reference, () => validateProfile(request, packer, context.workflow), context),
      );
    }
    return describeVerdicts(verdicts, context.layout);
  },
};

/** An expected failure is a verdict; the next profile is still looked at. */
async function judge(
  profile: string,
  validate: () => Promise<ValidatedProfile>,
  { workflow }: CommandContext,
): Promise<Verdict> {
  try {
    return { profile, validated: await validate() };
  } catch (error) {
    if (!(error instanceof Failure) || workflow.signal.aborted) throw error;
    return { profile, failure: error };
  }
}

/** All verdicts; the first failure decides the exit code, and is the whole answer when it is the only verdict. */
export function describeVerdicts(verdicts: readonly Verdict[], layout: TextLayout): CommandOutcome {
  const failure = verdicts.flatMap((verdict) => ('failure' in verdict ? [verdict.failure] : []))[0];
  if (failure && verdicts.length === 1) throw failure;
  const rows = verdicts.map((verdict) => renderVerdict(verdict, layout));
  const profiles = verdicts.map((verdict) =>
    'failure' in verdict
      ? { profile: verdict.profile, ...failureDocument(verdict.failure) }
      : { profile: verdict.profile, ok: true, ...verdict.validated },
  );
  return {
    document: { profiles },
    result: renderColumns(rows).join('\n'),
    ...(failure === undefined ? {} : { failure }),
  };
}

function renderVerdict(verdict: Verdict, { style }: TextLayout): string[] {
  if ('failure' in verdict) return [style.red('✖'), verdict.profile, verdict.failure.message];
  const { unsupported, packerVersion } = verdict.validated;
  if (unsupported.length === 0)
    return [style.green('✔'), verdict.profile, `valid for Packer ${packerVersion ?? ''}`];
  const reasons = unsupported.map(({ path, message }) => `${path} ${message}`).join('; ');
  return [style.yellow('!'), verdict.profile, `well-formed, but ${reasons}`];
}
