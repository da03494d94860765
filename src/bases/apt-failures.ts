import { Failure, type FailureKind } from '../errors/failure.ts';

/**
 * What a complaint says about asking again: `not now` when the same question may be answered in a while (nobody
 * answers, the answer broke off, the mirror is being updated), `definite` when it will not be.
 */
export type AptAnswer = 'not now' | 'definite';

/** One recognised complaint of apt, and what it means to the reader of ours. */
interface AptComplaint {
  readonly pattern: RegExp;
  readonly answer: AptAnswer;
  readonly kind: FailureKind;
  readonly code: string;
  /** `$1`, `$2` stand for the groups of the pattern. */
  readonly message: string;
  readonly hint: string;
}

const ELSEWHERE = '--mirror URL names another one; --offline builds from what the cache has';
const LACKS_HINT = 'check the suite and the mirror’s path; run again if the mirror has just been updated';

/**
 * The only place where apt's English is read; apt's text for 2.6 and 3.0, first match wins.
 * Every row was provoked with apt itself, see its test. Of several faults at once the definite one decides, for it
 * will still be there; only complaints that apt adds to any fault ("is not signed", "does not have a Release file")
 * stand below the faults of the network.
 */
export const APT_COMPLAINTS: readonly AptComplaint[] = [
  {
    pattern: /Unable to locate package (\S+)/,
    answer: 'definite',
    kind: 'profile',
    code: 'E_PACKAGE_UNKNOWN',
    message: '.packages.include: the mirror has no package $1',
    hint: 'check its name, or add the source that has it under .os.aptSources',
  },
  {
    pattern: /Package '?(\S+?)'? has no installation candidate/,
    answer: 'definite',
    kind: 'profile',
    code: 'E_PACKAGE_UNKNOWN',
    message: '.packages.include: package $1 is only named by others, nothing provides it to install',
    hint: 'name a package that exists in the suite',
  },
  {
    pattern: /Version '(\S+)' for '(\S+)' was not found/,
    answer: 'definite',
    kind: 'host',
    code: 'E_MIRROR_INCONSISTENT',
    message: 'the mirror was updated meanwhile: it no longer has $2 $1',
    hint: 'run again',
  },
  {
    pattern: /held broken packages|unmet dependencies|Unable to correct problems/,
    answer: 'definite',
    kind: 'profile',
    code: 'E_PACKAGES_CONFLICT',
    message: '.packages: these packages cannot be installed together',
    hint: 'the lines above name the packages in each other’s way; look at .packages.exclude too',
  },
  {
    // Before the complaints about signatures: apt says "is not signed" of an answer that it was refused, too.
    pattern: / (401 +Unauthorized|403 +Forbidden|407 +Proxy Authentication Required)/,
    answer: 'definite',
    kind: 'host',
    code: 'E_MIRROR_REFUSED',
    message: 'the mirror, or a proxy before it, refuses to answer: $1',
    hint: 'check the proxy settings and the host’s apt credentials, or name another mirror with --mirror URL',
  },
  {
    pattern: /No space left on device|You don't have enough free space/,
    answer: 'definite',
    kind: 'host',
    code: 'E_NO_SPACE',
    message: 'there is no room left for package indices or packages in the cache',
    hint: 'make room, or put the cache elsewhere with MINTMARK_CACHE',
  },
  {
    pattern: /Release file for (\S+) is (?:expired|not valid yet)/,
    answer: 'definite',
    kind: 'host',
    code: 'E_MIRROR_EXPIRED',
    message: 'the mirror’s index is out of date: $1',
    hint: 'check this machine’s clock; a stale mirror is replaced with --mirror URL',
  },
  {
    pattern: /Certificate verification failed/,
    answer: 'definite',
    kind: 'host',
    code: 'E_MIRROR_NOT_TRUSTED',
    message: 'the mirror’s certificate is not one that this host trusts',
    hint: 'install ca-certificates, or the certificate of the mirror or of the proxy before it; check the clock, too',
  },
  {
    pattern: /Failed to fetch (\S+) +(?:404 +Not Found|410 +Gone|File not found)/,
    answer: 'definite',
    kind: 'host',
    code: 'E_MIRROR_LACKS_SUITE',
    message: 'not there: the mirror answers but does not have $1',
    hint: LACKS_HINT,
  },
  {
    pattern: /404 +Not Found|410 +Gone|File not found/,
    answer: 'definite',
    kind: 'host',
    code: 'E_MIRROR_LACKS_SUITE',
    message: 'not there: the mirror answers but does not have what was asked for',
    hint: LACKS_HINT,
  },
  {
    pattern:
      /(50\d +[A-Z][A-Za-z ]*[a-z]|408 +Request Timeout|429 +Too Many Requests|Temporary failure resolving '[^']*'|Could not resolve '[^']*'|Could not connect to [^\s:]*:\d+|Connection (?:failed|refused|timed out|reset by peer)|Error reading from server|Unable to connect to \S+|Network is unreachable)/,
    answer: 'not now',
    kind: 'host',
    code: 'E_MIRROR_UNREACHABLE',
    message: 'the mirror does not answer now: $1',
    hint: ELSEWHERE,
  },
  {
    pattern:
      /not signed|NO_PUBKEY|NODATA|NOSPLIT|invalid signature|couldn't be verified|Clearsigned file isn't valid/,
    answer: 'definite',
    kind: 'host',
    code: 'E_MIRROR_NOT_TRUSTED',
    message: 'the mirror answers with something that the keys of its source did not sign',
    hint: 'a captive portal or a broken mirror does that: try another one with --mirror URL; or debian-archive-keyring is missing or too old',
  },
  {
    pattern: /(Hash Sum mismatch|unexpected size|does not match|Mirror sync in progress)/,
    answer: 'not now',
    kind: 'host',
    code: 'E_MIRROR_INCONSISTENT',
    message: 'the mirror’s files do not belong together; it is being updated, or damaged: $1',
    hint: 'run again in some minutes, or name another mirror with --mirror URL',
  },
  {
    pattern: /(?:does not have|no longer has) a Release file/,
    answer: 'definite',
    kind: 'host',
    code: 'E_MIRROR_LACKS_SUITE',
    message: 'not there: the mirror answers but does not have what was asked for',
    hint: LACKS_HINT,
  },
  {
    // What no row knows is given the benefit of the doubt: waiting in vain costs less than a failed night.
    pattern: /Failed to (?:fetch \S+ +([^[]*[^[ ])|stat)/,
    answer: 'not now',
    kind: 'host',
    code: 'E_MIRROR_UNREACHABLE',
    message: 'the mirror cannot be used now: $1',
    hint: ELSEWHERE,
  },
];

/** Turns the failure of an apt program into one that says what to do; other failures come back as they are. */
export function explainAptFailure(error: unknown): unknown {
  if (!(error instanceof Failure)) return error;
  if (error.code === 'E_COMMAND_TIMEOUT') return describeSilence(error);
  if (error.code !== 'E_COMMAND_FAILED') return error;
  const lines = error.details.filter((line) => /^(E|W|Err):?/.test(line) || /^ {2}/.test(line));
  for (const complaint of APT_COMPLAINTS) {
    const match = error.details.map((line) => complaint.pattern.exec(line)).find(Boolean);
    if (!match) continue;
    return new Failure(complaint.kind, complaint.code, fillIn(complaint.message, match), {
      hint: complaint.hint,
      details: (lines.length > 0 ? lines : error.details).map(withoutPassword),
      evidence: { ...withoutPasswords(error.evidence), answer: complaint.answer },
      cause: error,
    });
  }
  return error;
}

/** Whether a failure that {@link explainAptFailure} explained may pass by itself. */
export function isNotNow(error: unknown): error is Failure {
  return error instanceof Failure && error.evidence['answer'] === ('not now' satisfies AptAnswer);
}

/**
 * The failure for a mirror that takes connections and sends nothing: apt would be busy with it for longer than
 * anybody waits.
 *
 * @param cause how the apt program ended
 */
export function describeSilence(cause: Failure): Failure {
  return new Failure('host', 'E_MIRROR_UNREACHABLE', 'the mirror does not answer now: nothing came in time', {
    hint: ELSEWHERE,
    details: cause.details,
    evidence: { ...cause.evidence, answer: 'not now' satisfies AptAnswer },
    cause,
  });
}

function fillIn(message: string, match: RegExpExecArray): string {
  const filled = message.replaceAll(/\$(\d)/g, (_, group: string) => match[Number(group)] ?? '');
  return withoutPassword(filled.replaceAll(/ +/g, ' ').replace(/[: ]+$/, ''));
}

function withoutPasswords(evidence: Failure['evidence']): Record<string, unknown> {
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return withoutPassword(value);
    return Array.isArray(value) ? value.map(clean) : value;
  };
  return Object.fromEntries(Object.entries(evidence).map(([name, value]) => [name, clean(value)]));
}

/** Addresses of mirrors and proxies may hold passwords. */
function withoutPassword(text: string): string {
  return text.replaceAll(/(:\/\/)[^\s/@]*@/g, '$1');
}
