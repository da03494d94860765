import { releaseLineWord } from './release-line-word.ts';
import { judgeOrder, type VersionConsumer, type VersionJudgement } from './version-consumer.ts';

/** Largest `long` of Java, which Cosmic keeps every number in. */
const MAX_LONG = 2n ** 63n - 1n;

/**
 * Cosmic's management server.
 *
 * Source: MissionCriticalCloud/cosmic, com.cloud.maint.Version (trimRouterVersion, compare) and
 * NetworkHelperImpl.checkRouterVersion; `minreq.sysvmtemplate.version` is 4.6.0 by default.
 */
export const COSMIC: VersionConsumer = {
  given: 'release line',
  defaultMinimum: '4.6.0',
  judge: (text, minimum = '4.6.0') => {
    const word = releaseLineWord(text);
    const isVersion = /^[0-9]+(?:\.[0-9]+)*$/.test(word);
    const reads = isVersion ? word : '0';
    const order = compareCosmicVersions(reads, minimum);
    if (order === undefined) return outOfRange(reads, minimum);
    const router = order >= 0 ? ('accepted' as const) : ('told to upgrade' as const);
    if (isVersion) return { ...judgeOrder(order, minimum, { reads }), router };
    const reason = 'Cosmic takes digits and dots only, anything else counts as 0';
    return { accepted: false, reason, reads, router };
  },
};

/**
 * Number by number; on a tie the shorter one is lower. Undefined where Java throws: at a number beyond 63 bits, or a
 * minimum that is none, as soon as the comparison comes to it.
 */
export function compareCosmicVersions(a: string, b: string): number | undefined {
  const [left, right] = [splitAtDots(a), splitAtDots(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
    const [x, y] = [parseLong(left[i]), parseLong(right[i])];
    if (x === undefined || y === undefined) return undefined;
    if (x !== y) return x < y ? -1 : 1;
  }
  return Math.sign(left.length - right.length);
}

/** As Java's String.split does: empty parts at the end do not count, so a minimum may end with a dot. */
function splitAtDots(text: string): string[] {
  const parts = text.split('.');
  return text === '' ? parts : parts.slice(0, parts.findLastIndex((part) => part !== '') + 1);
}

/** As Long.parseLong does, digits beyond ASCII aside. */
function parseLong(text = ''): bigint | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return value <= MAX_LONG && value >= -MAX_LONG - 1n ? value : undefined;
}

function outOfRange(reads: string, minimum: string): VersionJudgement {
  const huge = reads.split('.').find((number) => parseLong(number) === undefined);
  const reason =
    huge === undefined
      ? `the minimum, ${JSON.stringify(minimum)}, is not all numbers: NumberFormatException`
      : `${huge} does not fit 63 bits: NumberFormatException`;
  return { accepted: false, reason, reads, router: 'exception' };
}
