import { didYouMean } from '../../errors/suggestion.ts';
import { Failure } from '../../errors/failure.ts';
import type { ConsumerVerdict, VersionConsumerId } from '../../publishing/check-version.ts';
import type { Command, CommandOutcome } from '../command.ts';
import { renderColumns, withoutControlCharacters, type TextLayout } from '../text-layout.ts';
import type { TextStyle } from '../text-style.ts';
import { usageFailure } from '../usage-failure.ts';

const OPTIONS = {
  consumer: {
    kind: 'list',
    value: 'NAME',
    summary: 'who reads it: cosmic, cloudstack, cloudstack24, semver, oci, dpkg, vagrant; else all',
  },
  min: {
    kind: 'text',
    value: 'VERSION',
    summary: 'least version it accepts; else the minreq default of the management servers',
  },
} as const;

/** `mintmark version check V...`: whether those who read versions accept them, each by its own rule. */
export const versionCheckCommand: Command<typeof OPTIONS> = {
  name: 'version check',
  summary: 'tell which consumers accept a version, and why not',
  options: OPTIONS,
  positionals: [
    { name: 'VERSION', summary: 'a version, or a whole release line', required: true, repeated: true },
  ],
  examples: [
    {
      commandLine: 'mintmark version check --consumer cosmic --min 16.4.1 16.3.22 16.4.3',
      does: 'as a Cosmic with that minreq sees them',
    },
    { commandLine: 'mintmark version check 26.11.21.57', does: 'as everybody sees it' },
  ],
  run: async ({ options, positionals }, { layout }) => {
    const { checkConsumer, isVersionConsumer, VERSION_CONSUMER_IDS } =
      await import('../../publishing/check-version.ts');
    const consumers = options.consumer.map((word): VersionConsumerId => {
      if (isVersionConsumer(word)) return word;
      const problem = `there is no consumer ${JSON.stringify(word)}${didYouMean(word, VERSION_CONSUMER_IDS)}`;
      throw usageFailure(problem, `there are ${VERSION_CONSUMER_IDS.join(', ')}`);
    });
    const asked = consumers.length === 0 ? VERSION_CONSUMER_IDS : [...new Set(consumers)];
    const verdicts = asked.flatMap((consumer) =>
      positionals.map((text) => checkConsumer(consumer, text, options.min)),
    );
    return describeVerdicts(verdicts, layout);
  },
};

/** The table, with a failure of kind `conflict` when anything is refused. */
export function describeVerdicts(verdicts: readonly ConsumerVerdict[], layout: TextLayout): CommandOutcome {
  const isOneConsumer = new Set(verdicts.map(({ consumer }) => consumer)).size === 1;
  const rows = verdicts.map((verdict) => [
    ...(isOneConsumer ? [] : [verdict.consumer]),
    ...renderVerdict(verdict, layout.style),
  ]);
  const outcome = { document: { verdicts }, result: renderColumns(rows).join('\n') };
  const refused = verdicts.filter(({ accepted }) => !accepted);
  if (refused.length === 0) return outcome;
  const message =
    verdicts.length === 1 ? 'the version is refused' : `${refused.length} of ${verdicts.length} are refused`;
  const evidence = { refused: refused.map(({ consumer, version }) => ({ consumer, version })) };
  return { ...outcome, failure: new Failure('conflict', 'E_VERSION_REFUSED', message, { evidence }) };
}

function renderVerdict(verdict: ConsumerVerdict, style: TextStyle): string[] {
  const { version, accepted } = verdict;
  const text = /^[!-~]+$/.test(version) ? version : withoutControlCharacters(JSON.stringify(version));
  return [text, accepted ? style.green('accepted') : style.red('refused'), remarkOf(verdict)];
}

function remarkOf({ version, accepted, reason, reads, use, router, legacy }: ConsumerVerdict): string {
  const plain = accepted && reads !== undefined && reads !== version ? `reads ${reads}` : '';
  const notes = [
    ...(accepted || router === undefined ? [] : [FATES[router]]),
    ...(legacy ? ['legacy scheme'] : []),
  ];
  const bracketed = notes.length === 0 ? '' : `(${notes.join('; ')})`;
  const remedy = use === undefined ? '' : `; use ${use}`;
  return `${`${withoutControlCharacters(reason ?? plain)} ${bracketed}`.trim()}${remedy}`;
}

const FATES = {
  accepted: 'the router is accepted all the same',
  'told to upgrade': 'the router is told to upgrade',
  exception: 'the server throws an exception',
} as const;
