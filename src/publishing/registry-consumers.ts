import { compareDebianVersions, parseDebianVersion } from '../packages/debian-version.ts';
import { compareSemverTexts, isStrictSemver } from '../versions/compare-versions.ts';
import { judgeOrder, unreadableMinimum, type VersionConsumer } from './version-consumer.ts';

/** Semantic versioning 2.0.0, strictly: no `v`, no blanks, no leading zeros. */
export const SEMVER: VersionConsumer = {
  given: 'long',
  judge: (text, minimum) => {
    if (!isStrictSemver(text)) {
      return {
        accepted: false,
        reason: 'semver takes three numbers without leading zeros, then -PRERELEASE',
      };
    }
    if (minimum !== undefined && !isStrictSemver(minimum)) return unreadableMinimum(minimum);
    const reads = text.split('+', 1)[0] ?? text;
    const remark = reads === text ? undefined : 'what follows + does not count in any comparison';
    return judgeOrder(compareSemverTexts(reads, minimum ?? reads), minimum, { reads, remark });
  },
};

/** Tags of container registries: opencontainers/distribution-spec, "Pulling manifests". */
export const OCI: VersionConsumer = {
  given: 'long',
  judge: (text, minimum) => {
    if (!/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/.test(text)) {
      return {
        accepted: false,
        reason: 'a tag has 1 to 128 of A-Z a-z 0-9 . _ - and begins with none of . -',
      };
    }
    if (minimum === undefined) return { accepted: true, reads: text };
    return { accepted: true, reads: text, reason: 'tags have no order: the minimum says nothing' };
  },
};

/** Versions of Debian packages: deb-version(7). */
export const DPKG: VersionConsumer = {
  given: 'long',
  judge: (text, minimum) => {
    const version = parseDebianVersion(text);
    if (!version) {
      return {
        accepted: false,
        reason: 'dpkg takes a digit first, then A-Z a-z 0-9 . + ~ and - before a revision',
      };
    }
    if (minimum !== undefined && !parseDebianVersion(minimum)) return unreadableMinimum(minimum);
    const { upstream, revision } = version;
    const reads = revision === '' ? upstream : `${upstream}, revision ${revision}`;
    return judgeOrder(compareDebianVersions(text, minimum ?? text), minimum, { reads });
  },
};
