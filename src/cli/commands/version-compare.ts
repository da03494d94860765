import type { Command } from '../command.ts';
import { SCHEME_OPTION, schemeOf } from './version-scheme.ts';

const SIGNS = { lower: '<', equal: '=', higher: '>' } as const;

/** `mintmark version compare A B`: which of two versions is the newer one. */
export const versionCompareCommand: Command<typeof SCHEME_OPTION> = {
  name: 'version compare',
  summary: 'tell which of two versions is higher',
  options: SCHEME_OPTION,
  positionals: [
    { name: 'A', summary: 'a version', required: true },
    { name: 'B', summary: 'the version to compare it with', required: true },
  ],
  examples: [{ commandLine: 'mintmark version compare 26.11.21-1.57 26.11.21-2.58', does: 'prints A < B' }],
  run: async ({ options, positionals: [a = '', b = ''] }) => {
    const { compareVersions } = await import('../../versions/describe-version.ts');
    const comparison = compareVersions(a, b, schemeOf(options.scheme));
    return {
      document: { ...comparison },
      result: `${comparison.a.text} ${SIGNS[comparison.order]} ${comparison.b.text}`,
    };
  },
};
