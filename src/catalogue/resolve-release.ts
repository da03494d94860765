import { Failure } from '../errors/failure.ts';
import { readVersion } from '../versions/parse-version.ts';
import { matchesRange, parseRange } from '../versions/version-range.ts';
import { identityOf, renderLong } from '../versions/version.ts';
import { isChannelName } from './channel-name.ts';
import {
  findRelease,
  isUsable,
  latestOf,
  recordOf,
  type IndexedRelease,
  type LineIndex,
} from './line-index.ts';

/** The release that a person meant. */
export interface ResolvedRelease {
  readonly release: IndexedRelease;
  /** What was written, when that may mean another release tomorrow: to be said together with what it meant today. */
  readonly floating?: string;
}

/** The word for the newest tested release. */
export const LATEST = 'latest';

/**
 * Finds a release by what a person wrote: a LONG or SERIAL (whatever has become of that release), `latest`, a channel, or
 * a range such as `26.11.21`, `26.11.x` or `>=26.11.21` (the newest usable release in it).
 * @throws Failure `E_RELEASE_UNKNOWN` (usage) with what there is instead, `E_RANGE_INVALID`
 */
export function resolveRelease(index: LineIndex, text: string): ResolvedRelease {
  const long = longOf(text);
  const release = long === undefined ? findFloating(index, text) : findRelease(index, long);
  if (release === undefined) throw unknown(index, text);
  return { release, ...(long === undefined ? { floating: text } : {}) };
}

function longOf(text: string): string | undefined {
  const reading = readVersion(text, 'date');
  const identity = 'version' in reading ? identityOf(reading.version) : undefined;
  return identity === undefined ? undefined : renderLong(identity);
}

function findFloating(index: LineIndex, text: string): IndexedRelease | undefined {
  if (text === LATEST) return findRelease(index, latestOf(index) ?? '');
  if (isChannelName(text)) return findRelease(index, index.channels[text] ?? '');
  const range = parseRange(text);
  return index.releases.filter(isUsable).findLast((release) => matchesRange(range, recordOf(release)));
}

const SHOWN = 5;

function unknown(index: LineIndex, text: string): Failure {
  const there = index.releases.filter(isUsable).map(({ long }) => long);
  const channels = Object.keys(index.channels);
  const what = isChannelName(text) ? `nothing on ${text}` : `no release ${text}`;
  const hint =
    there.length === 0
      ? 'it has no release that can be used'
      : `there is ${[...there.slice(-SHOWN).toReversed(), ...channels].join(', ')}`;
  return new Failure('usage', 'E_RELEASE_UNKNOWN', `${index.line} has ${what}`, { hint });
}
