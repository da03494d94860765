import type { Command } from '../command.ts';
import { renderColumns } from '../text-layout.ts';

const OPTIONS = {} as const;

/** `mintmark profiles`: what can be built by name. */
export const profilesCommand: Command<typeof OPTIONS> = {
  name: 'profiles',
  summary: 'list the built-in profiles',
  options: OPTIONS,
  positionals: [],
  examples: [{ commandLine: 'mintmark profiles', does: 'names to give to --profile' }],
  run: async (_input, { layout }) => {
    const { BUILT_IN_PROFILES } = await import('../../profiles/built-in.ts');
    const profiles = Object.entries(BUILT_IN_PROFILES).map(([name, { description = '' }]) => ({
      name,
      description,
    }));
    const rows = profiles.map(({ name, description }) => [layout.style.bold(name), description]);
    return { document: { profiles }, result: renderColumns(rows).join('\n') };
  },
};
