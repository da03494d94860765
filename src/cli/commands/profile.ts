import { checkAssignments } from '../check-values.ts';
import type { Command, CommandOutcome } from '../command.ts';
import { renderProfile } from '../render-profile.ts';
import { usageFailure } from '../usage-failure.ts';
import { PROFILE_CHANGES, targetsOf } from './profile-options.ts';

const OPTIONS = {
  schema: { kind: 'flag', summary: 'print the JSON Schema of profile files, for editors' },
  ...PROFILE_CHANGES,
} as const;

/** `mintmark profile P`: one profile, resolved, with where each value came from. */
export const profileCommand: Command<typeof OPTIONS> = {
  name: 'profile',
  summary: 'show a profile with every value and where it came from',
  options: OPTIONS,
  positionals: [{ name: 'PROFILE', summary: 'built-in name or profile file', required: false }],
  examples: [
    { commandLine: 'mintmark profile kvm', does: 'what `--profile kvm` means' },
    { commandLine: 'mintmark profile --schema > profile.schema.json', does: 'completion for your editor' },
  ],
  run: async ({ options, positionals }, { layout }) => {
    if (options.schema) return describeSchema();
    const [reference] = positionals;
    if (reference === undefined) {
      throw usageFailure('profile needs PROFILE or --schema', 'mintmark profiles lists the built-in ones');
    }
    const { loadProfile } = await import('../../workflows/load-profile.ts');
    const resolved = await loadProfile({
      reference,
      targets: targetsOf(options.target),
      set: checkAssignments('set', options.set),
    });
    const { profile, origins, sources } = resolved;
    return {
      document: { profile, origins: Object.fromEntries(origins), sources },
      result: renderProfile(profile, origins, layout),
    };
  },
};

async function describeSchema(): Promise<CommandOutcome> {
  const { profileSchema } = await import('../../profiles/profile-schema.ts');
  const schema = profileSchema();
  return { document: { schema }, result: JSON.stringify(schema, undefined, 2) };
}
