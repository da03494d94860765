import { Failure, type FailureKind } from '../errors/failure.ts';

/** One recognised complaint of apt, and what it means to the reader of ours. */
interface AptComplaint {
  readonly pattern: RegExp;
  readonly kind: FailureKind;
  readonly code: string;
  /** `$1`, `$2` stand for the groups of the pattern. */
  readonly message: string;
  readonly hint: string;
}

/**
 * The only place where apt's English is read; apt's text for 2.6 and 3.0, first match wins.
 * Every row was provoked with apt itself, see its test.
 */
export const APT_COMPLAINTS: readonly AptComplaint[] = [
  {
    pattern: /Unable to locate package (\S+)/,
    kind: 'profile',
    code: 'E_PACKAGE_UNKNOWN',
    message: '.packages.include: the mirror has no package $1',
    hint: 'check its name, or add the source that has it under .os.aptSources',
  },
  {
    pattern: /Package '?(\S+?)'? has no installation candidate/,
    kind: 'profile',
    code: 'E_PACKAGE_UNKNOWN',
    message: '.packages.include: package $1 is only named by others, nothing provides it to install',
    hint: 'name a package that exists in the suite',
  },
  {
    pattern: /Version '(\S+)' for '(\S+)' was not found/,
    kind: 'host',
    code: 'E_MIRROR_INCONSISTENT',
    message: 'the mirror was updated meanwhile: it no longer has $2 $1',
    hint: 'run again',
  },
  {
    pattern: /held broken packages|unmet dependencies|Unable to correct problems/,
    kind: 'profile',
    code: 'E_PACKAGES_CONFLICT',
    message: '.packages: these packages cannot be installed together',
    hint: 'the lines above name the packages in each other’s way; look at .packages.exclude too',
  },
  {
    // Before the complaints about signatures: apt says "is not signed" of an answer that it was refused, too.
    pattern: / (401 +Unauthorized|403 +Forbidden|407 +Proxy Authentication Required)/,
    kind: 'host',
    code: 'E_MIRROR_REFUSED',
    message: 'the mirror, or a proxy before it, refuses to answer: $1',
    hint: 'check the proxy settings and the host’s apt credentials, or name another mirror with --mirror URL',
  },
  {
    pattern: /No space left on device|You don't have enough free space/,
    kind: 'host',
    code: 'E_NO_SPACE',
    message: 'there is no room left for package indices or packages in the cache',
    hint: 'make room, or put the cache elsewhere with MINTMARK_CACHE',
  },
  {
    pattern: /Release file for (\S+) is (?:expired|not valid yet)/,
    kind: 'host',
    code: 'E_MIRROR_EXPIRED',
    message: 'the mirror’s index is out of date: $1',
    hint: 'check this machine’s clock; a stale mirror is replaced with --mirror URL',
  },
  {
    pattern:
      /not signed|NO_PUBKEY|NODATA|NOSPLIT|invalid signature|couldn't be verified|Clearsigned file isn't valid/,
    kind: 'host',
    code: 'E_MIRROR_NOT_TRUSTED',
    message: 'the mirror answers with something that the keys of its source did not sign',
    hint: 'a captive portal or a broken mirror does that: try another one with --mirror URL; or debian-archive-keyring is missing or too old',
  },
  {
    pattern: /Hash Sum mismatch|unexpected size|does not match|Mirror sync in progress/,
    kind: 'host',
    code: 'E_MIRROR_INCONSISTENT',
    message: 'the mirror’s files do not belong together; it is being updated, or damaged',
    hint: 'run again in some minutes, or name another mirror with --mirror URL',
  },
  {
    pattern: /does not have a Release file|404 +Not Found/,
    kind: 'host',
    code: 'E_MIRROR_LACKS_SUITE',
    message: 'the mirror answers but does not have what was asked for',
    hint: 'check the suite and the mirror’s path; run again if the mirror has just been updated',
  },
  {
    pattern:
      /Temporary failure resolving|Could not resolve|Could not connect|Connection (?:failed|refused|timed out)|Unable to connect|Network is unreachable|Failed to fetch|Failed to stat/,
    kind: 'host',
    code: 'E_MIRROR_UNREACHABLE',
    message: 'the mirror cannot be reached, so nobody can tell whether a build is needed',
    hint: '--mirror URL names another one; --offline builds from what the cache has',
  },
];

/** Turns the failure of an apt program into one that says what to do; other failures come back as they are. */
export function explainAptFailure(error: unknown): unknown {
  if (!(error instanceof Failure)) return error;
  if (error.code === 'E_COMMAND_TIMEOUT') return tooSlow(error);
  if (error.code !== 'E_COMMAND_FAILED') return error;
  const lines = error.details.filter((line) => /^(E|W|Err):?/.test(line) || /^ {2}/.test(line));
  for (const complaint of APT_COMPLAINTS) {
    const match = error.details.map((line) => complaint.pattern.exec(line)).find(Boolean);
    if (!match) continue;
    const message = complaint.message.replaceAll(/\$(\d)/g, (_, group: string) => match[Number(group)] ?? '');
    return new Failure(complaint.kind, complaint.code, message, {
      hint: complaint.hint,
      details: lines.length > 0 ? lines : error.details,
      evidence: error.evidence,
      cause: error,
    });
  }
  return error;
}

/** A mirror that takes connections and never answers keeps apt busy for longer than anybody waits. */
function tooSlow(error: Failure): Failure {
  return new Failure('host', 'E_MIRROR_UNREACHABLE', 'the mirror did not answer in time', {
    hint: '--mirror URL names another one; --offline builds from what the cache has',
    details: error.details,
    evidence: error.evidence,
    cause: error,
  });
}
