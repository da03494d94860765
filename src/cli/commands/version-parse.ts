import type { VersionDescription } from '../../versions/describe-version.ts';
import type { Command } from '../command.ts';
import { renderColumns } from '../text-layout.ts';
import { SCHEME_OPTION, schemeOf } from './version-scheme.ts';

/** `mintmark version parse V`: a version taken apart, with all its spellings. */
export const versionParseCommand: Command<typeof SCHEME_OPTION> = {
  name: 'version parse',
  summary: 'take a version apart and show its other spellings',
  options: SCHEME_OPTION,
  positionals: [{ name: 'VERSION', summary: 'any of the forms', required: true }],
  examples: [
    { commandLine: 'mintmark version parse 26.11.21-2.57', does: 'its day, revision, build and spellings' },
  ],
  run: async ({ options, positionals: [text = ''] }) => {
    const { describeVersion } = await import('../../versions/describe-version.ts');
    const description = describeVersion(text, schemeOf(options.scheme));
    return { document: { ...description }, result: renderDescription(description) };
  },
};

function renderDescription({ forms, identity, ...facts }: VersionDescription): string {
  const other = facts.scheme === 'legacy' ? 'no: a product version' : 'no: an alias';
  const rows = Object.entries({ ...facts, identity: identity ? 'yes' : other, ...forms });
  return renderColumns(rows.map(([name, value]) => [name, String(value)])).join('\n');
}
