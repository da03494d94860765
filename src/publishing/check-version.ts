import { readVersion } from '../versions/parse-version.ts';
import { identityOf, renderForms, renderShort, type VersionRecord } from '../versions/version.ts';
import { CLOUDSTACK, CLOUDSTACK_24 } from './cloudstack-version.ts';
import { COSMIC } from './cosmic-version.ts';
import { VAGRANT } from './gem-version.ts';
import { DPKG, OCI, SEMVER } from './registry-consumers.ts';
import type { GivenForm, VersionConsumer, VersionJudgement } from './version-consumer.ts';

/** Everybody whose rule is known, in the order people read it. */
export const VERSION_CONSUMERS = {
  cosmic: COSMIC,
  cloudstack: CLOUDSTACK,
  cloudstack24: CLOUDSTACK_24,
  semver: SEMVER,
  oci: OCI,
  dpkg: DPKG,
  vagrant: VAGRANT,
} as const satisfies Readonly<Record<string, VersionConsumer>>;

/** Who reads versions. */
export type VersionConsumerId = keyof typeof VERSION_CONSUMERS;

/** All names, in the order of the table. */
export const VERSION_CONSUMER_IDS = Object.keys(VERSION_CONSUMERS).filter(isVersionConsumer);

/** Whether a word names a consumer. */
export function isVersionConsumer(word: string): word is VersionConsumerId {
  return Object.hasOwn(VERSION_CONSUMERS, word);
}

/** What one consumer says of one version. */
export interface ConsumerVerdict extends VersionJudgement {
  readonly consumer: VersionConsumerId;
  readonly version: string;
  /** What it was compared with: the minimum given, or the consumer's own. */
  readonly minimum?: string;
  /** Whether the text is a product version of the legacy scheme, not a day. */
  readonly legacy: boolean;
}

/** What a consumer says of a version text, by its own rule; `minimum` instead of the consumer's own. */
export function checkConsumer(id: VersionConsumerId, text: string, minimum?: string): ConsumerVerdict {
  const consumer: VersionConsumer = VERSION_CONSUMERS[id];
  const least = minimum ?? consumer.defaultMinimum;
  return {
    consumer: id,
    version: text,
    ...(least === undefined ? {} : { minimum: least }),
    legacy: isLegacy(text),
    ...withRemedy(consumer.judge(text, least), consumer, { text, least }),
  };
}

/** Where a release is refused by its LONG, the spelling that the consumer is meant to be given. */
function withRemedy(
  judgement: VersionJudgement,
  { given, judge }: VersionConsumer,
  { text, least }: { readonly text: string; readonly least: string | undefined },
): VersionJudgement {
  const reading = readVersion(text, 'date');
  const record = 'version' in reading ? identityOf(reading.version) : undefined;
  if (judgement.accepted || !record) return judgement;
  const remedy = spellingsOf(record)[given];
  if (remedy === text || !judge(remedy, least).accepted) return judgement;
  return { ...judgement, use: remedy };
}

/**
 * Whether each consumer takes the spelling that it is given of a release: management servers the release line, by
 * default SHORT; Vagrant WIRE; the others LONG.
 */
export function compatOf(
  record: VersionRecord,
  releaseLine: string = renderShort(record.date),
): Readonly<Record<string, boolean>> {
  const forms = { ...spellingsOf(record), 'release line': releaseLine };
  const consumers: [string, VersionConsumer][] = Object.entries(VERSION_CONSUMERS);
  return Object.fromEntries(
    consumers.map(([id, { given, judge, defaultMinimum }]) => [
      id,
      judge(forms[given], defaultMinimum).accepted,
    ]),
  );
}

function spellingsOf(record: VersionRecord): Readonly<Record<GivenForm, string>> {
  const { short, long, wire } = renderForms(record);
  return { 'release line': short, long, wire };
}

function isLegacy(text: string): boolean {
  const reading = readVersion(text);
  return 'version' in reading && reading.version.scheme === 'legacy';
}
