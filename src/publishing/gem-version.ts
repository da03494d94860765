import { judgeOrder, unreadableMinimum, type VersionConsumer } from './version-consumer.ts';

/**
 * Versions of Vagrant boxes, which follow the rules of RubyGems.
 *
 * Source: hashicorp/vagrant, lib/vagrant/box_metadata.rb (Gem::Version and Gem::Requirement), and RubyGems' own
 * version.rb. A pre-release satisfies `>= 0`, but neither `~> 26.11.21` nor `>= 26.11.21`: it ranks below its day, so
 * nobody who follows a day would get it.
 */
export const VAGRANT: VersionConsumer = {
  given: 'wire',
  judge: (text, minimum) => {
    const reads = readGemVersion(text);
    if (reads === undefined) {
      const reason = 'RubyGems takes numbers and words between dots, then at most one dash and more of them';
      return { accepted: false, reason };
    }
    if (/[a-z]/i.test(reads)) {
      const day = reads.split(/\.[a-z]/i, 1)[0];
      return {
        accepted: false,
        reason: `a pre-release, ${reads}: lower than ${day} and never ~> ${day}`,
        reads,
      };
    }
    const least = minimum === undefined ? undefined : readGemVersion(minimum);
    if (minimum !== undefined && least === undefined) return unreadableMinimum(minimum);
    return judgeOrder(least === undefined ? 0 : compareGemVersions(reads, least), minimum, { reads });
  },
};

/** A version as RubyGems keeps it, where `-` has become `.pre.`; undefined where Gem::Version raises ArgumentError. */
export function readGemVersion(text: string): string | undefined {
  const pattern =
    /^[ \t\r\n\f\v]*(?:[0-9]+(?:\.[0-9a-zA-Z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)?[ \t\r\n\f\v]*$/;
  if (!pattern.test(text)) return undefined;
  return text.trim() === '' ? '0' : text.trim().replaceAll('-', '.pre.');
}

/** Order of what {@link readGemVersion} gives: part by part, words below numbers, missing parts are 0. */
export function compareGemVersions(a: string, b: string): number {
  const [left, right] = [gemParts(a), gemParts(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const order = compareParts(left[i] ?? 0n, right[i] ?? 0n);
    if (order !== 0) return order;
  }
  return 0;
}

function compareParts(a: bigint | string, b: bigint | string): number {
  if (a === b) return 0;
  if (typeof a !== typeof b) return typeof a === 'string' ? -1 : 1;
  return a < b ? -1 : 1;
}

/** Numbers and words; zeros that end the numbers, or the whole, do not count. */
function gemParts(text: string): (bigint | string)[] {
  const parts = (text.match(/[0-9]+|[a-z]+/gi) ?? []).map((part) => (/^\d/.test(part) ? BigInt(part) : part));
  const word = parts.findIndex((part) => typeof part === 'string');
  if (word < 0) return withoutZeros(parts);
  return [...withoutZeros(parts.slice(0, word)), ...withoutZeros(parts.slice(word))];
}

function withoutZeros(parts: readonly (bigint | string)[]): (bigint | string)[] {
  return parts.slice(0, parts.findLastIndex((part) => part !== 0n) + 1);
}
