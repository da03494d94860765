import { releaseLineWord } from './release-line-word.ts';
import { judgeOrder, type VersionConsumer, type VersionJudgement } from './version-consumer.ts';

/** A version as CloudStack keeps it: four numbers. */
type FourNumbers = readonly [number, number, number, number];

/** What CloudStack makes of a text: numbers, or the reason of its IllegalArgumentException. */
type CloudStackReading =
  | { readonly numbers: FourNumbers; readonly kept: string }
  | { readonly exception: string; readonly use?: string };

/** How the fourth number is found; the only thing that changed with CloudStack 24. */
type CloudStackEra = 'up to 4.x' | 'from 24';

/** What a word of the release line has to be: three or four numbers, then a brand, a time stamp, `SNAPSHOT`. */
const ROUTER_VERSION = /^(?:\d+\.){2}(?:\d+\.)?\d+(?:-[a-zA-Z]+)?(?:-\d+)?(?:-SNAPSHOT)?$/;

const MALFORMED = 'CloudStack takes 3 or 4 numbers, then -BRAND -NUMBER -SNAPSHOT at most';

/** Largest `int` of Java, which CloudStack keeps every number in. */
const MAX_INT = 2_147_483_647;

/** `minreq.sysvmtemplate.version` unless it is set (NetworkOrchestrationService). */
const DEFAULT_MINIMUM = '4.10.0';

/**
 * CloudStack's management server up to 4.x.
 *
 * Source: apache/cloudstack, org.apache.cloudstack.utils.CloudStackVersion (trimRouterVersion, parse, compareTo), as
 * NetworkHelperImpl.checkRouterVersion calls it. Not considered: a router with the server's own scripts is accepted
 * whatever its version.
 */
export const CLOUDSTACK: VersionConsumer = {
  given: 'release line',
  defaultMinimum: DEFAULT_MINIMUM,
  judge: (text, minimum = DEFAULT_MINIMUM) => judge(text, minimum, 'up to 4.x'),
};

/**
 * CloudStack's management server from 24 on, whose own versions have three numbers.
 *
 * Source: apache/cloudstack pull requests 14033 and 14041: four numbers are refused when the first is 24 or more, and
 * the third of three takes the place of the fourth.
 */
export const CLOUDSTACK_24: VersionConsumer = {
  given: 'release line',
  defaultMinimum: DEFAULT_MINIMUM,
  judge: (text, minimum = DEFAULT_MINIMUM) => judge(text, minimum, 'from 24'),
};

function judge(text: string, minimum: string, era: CloudStackEra): VersionJudgement {
  const word = releaseLineWord(text);
  if (!ROUTER_VERSION.test(word)) return { ...thrown(MALFORMED), reads: '0' };
  const reading = readCloudStackVersion(word, era);
  const least = readCloudStackVersion(minimum, era);
  if ('exception' in reading) return thrown(reading.exception, reading.use);
  if ('exception' in least) return thrown(`the minimum: ${least.exception}`);
  const { kept } = reading;
  const order = compareNumbers(reading.numbers, least.numbers);
  const remark = kept === word ? undefined : `reads ${kept}: what follows the first - does not count`;
  const router = order >= 0 ? 'accepted' : 'told to upgrade';
  return { ...judgeOrder(order, minimum, { reads: kept, remark }), router };
}

function thrown(reason: string, use?: string): VersionJudgement {
  return { accepted: false, reason, router: 'exception', ...(use === undefined ? {} : { use }) };
}

function readCloudStackVersion(text: string, era: CloudStackEra): CloudStackReading {
  const kept = text.split('-', 1)[0] ?? '';
  if (!/^(?:\d+\.){2}(?:\d+\.)?\d+$/.test(kept)) {
    return { exception: `${JSON.stringify(kept)} is not three or four numbers: IllegalArgumentException` };
  }
  const [major = 0, minor = 0, third = 0, fourth] = kept.split('.').map(Number);
  const huge = kept.split('.').find((number) => Number(number) > MAX_INT);
  if (huge !== undefined) return { exception: `${huge} does not fit 31 bits: NumberFormatException` };
  if (era === 'up to 4.x' || major < 24) return { numbers: [major, minor, third, fourth ?? 0], kept };
  if (fourth === undefined) return { numbers: [major, minor, 0, third], kept };
  const short = `${major}.${minor}.${third}`;
  return {
    exception: 'CloudStack 24 and later take three parts when the first is 24 or more',
    use: short,
  };
}

function compareNumbers(a: FourNumbers, b: FourNumbers): number {
  const place = a.findIndex((value, index) => value !== b[index]);
  return place < 0 ? 0 : (a[place] ?? 0) - (b[place] ?? 0);
}
