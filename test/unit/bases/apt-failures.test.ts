import { describe, expect, test } from '@jest/globals';
import { APT_COMPLAINTS, explainAptFailure, isNotNow } from '../../../src/bases/apt-failures.ts';
import { Failure } from '../../../src/errors/failure.ts';

const aptFailed = (lines: readonly string[]): Failure =>
  new Failure('command', 'E_COMMAND_FAILED', 'apt-get failed with exit code 100', {
    details: ['command  apt-get update', ...lines],
    evidence: { status: 100 },
  });

function explained(lines: readonly string[]): Failure {
  const failure = explainAptFailure(aptFailed(lines));
  if (!(failure instanceof Failure)) throw new Error('no failure came back');
  return failure;
}

const URI = 'http://mirror.example/debian';

/** Every text was written by apt 2.6 in a private root, for the reason given. */
const COMPLAINTS = [
  {
    lines: ['Reading package lists...', 'E: Unable to locate package no-such-thing'],
    code: 'E_PACKAGE_UNKNOWN',
    says: 'no-such-thing',
    because: 'a misspelt package',
  },
  {
    lines: [
      'Package awk is a virtual package provided by:',
      '  mawk 1.3.4.20250131-1',
      "E: Package 'awk' has no installation candidate",
    ],
    code: 'E_PACKAGE_UNKNOWN',
    says: 'package awk is',
    because: 'a virtual package with several providers',
  },
  {
    lines: ["E: Version '1.2' for 'bash' was not found"],
    code: 'E_MIRROR_INCONSISTENT',
    says: 'bash 1.2',
    because: 'another build has updated the indices since the closure was resolved',
  },
  {
    lines: [
      ' procps : Depends: libc6 (>= 2.38) but it is not going to be installed',
      'E: Unable to correct problems, you have held broken packages.',
    ],
    code: 'E_PACKAGES_CONFLICT',
    says: 'cannot be installed together',
    because: 'libc6 was excluded',
  },
  {
    lines: [
      `Err:1 ${URI} trixie InRelease`,
      '  403  Forbidden [IP: 127.0.0.1 18765]',
      `E: Failed to fetch ${URI}/dists/trixie/InRelease  403  Forbidden [IP: 127.0.0.1 18765]`,
      `E: The repository '${URI} trixie InRelease' is not signed.`,
    ],
    code: 'E_MIRROR_REFUSED',
    says: '403 Forbidden',
    because: 'a refusal makes apt complain of the signature, too',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/dists/trixie/InRelease  407  Proxy Authentication Required [IP: 127.0.0.1 18765]`,
      `E: The repository '${URI} trixie InRelease' is not signed.`,
    ],
    code: 'E_MIRROR_REFUSED',
    says: '407',
    because: 'the proxy wants a password',
  },
  {
    lines: [
      '  Error writing to file - write (28: No space left on device) [IP: 127.0.0.1 80]',
      `E: Failed to fetch ${URI}/dists/trixie/main/binary-amd64/Packages  Error writing to file - write (28: No space left on device) [IP: 127.0.0.1 80]`,
    ],
    code: 'E_NO_SPACE',
    says: 'no room',
    because: 'the index did not fit into the cache',
  },
  {
    lines: [
      `E: Release file for ${URI}/dists/trixie/InRelease is expired (invalid since 70d 3h 42min 49s). Updates for this repository will not be applied.`,
    ],
    code: 'E_MIRROR_EXPIRED',
    says: `${URI}/dists/trixie/InRelease`,
    because: 'the mirror is stale, or our clock is wrong',
  },
  {
    lines: [
      "  Clearsigned file isn't valid, got 'NOSPLIT' (does the network require authentication?)",
      `E: The repository '${URI} trixie InRelease' is not signed.`,
    ],
    code: 'E_MIRROR_NOT_TRUSTED',
    says: 'did not sign',
    because: 'a captive portal answered with its page',
  },
  {
    lines: [
      `W: GPG error: ${URI} trixie InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 6ED0E7B82643E131`,
      `E: The repository '${URI} trixie InRelease' is not signed.`,
    ],
    code: 'E_MIRROR_NOT_TRUSTED',
    says: 'did not sign',
    because: 'the source is signed by another key',
  },
  {
    lines: [
      '  Hash Sum mismatch',
      '  Hashes of expected file:',
      `E: Failed to fetch ${URI}/pool/h/hostname.deb  Hash Sum mismatch`,
    ],
    code: 'E_MIRROR_INCONSISTENT',
    says: 'do not belong together',
    because: 'one bit of a package was flipped',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/pool/h/hostname.deb  File has unexpected size (15 != 11024). Mirror sync in progress? [IP: 127.0.0.1 18766]`,
    ],
    code: 'E_MIRROR_INCONSISTENT',
    says: 'do not belong together',
    because: 'a page came where a package was asked for',
  },
  {
    lines: [
      `Ign:1 ${URI} trixy InRelease`,
      `Err:2 ${URI} trixy Release`,
      '  404  Not Found [IP: 127.0.0.1 18765]',
      `E: The repository '${URI} trixy Release' does not have a Release file.`,
    ],
    code: 'E_MIRROR_LACKS_SUITE',
    says: 'does not have what was asked for',
    because: 'the mirror has no such suite',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/pool/main/h/hostname/hostname_3.25_amd64.deb  404  Not Found [IP: 127.0.0.1 18766]`,
    ],
    code: 'E_MIRROR_LACKS_SUITE',
    says: `not there: the mirror answers but does not have ${URI}/pool/main/h/hostname/hostname_3.25_amd64.deb`,
    because: 'the package was replaced on the mirror meanwhile',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/dists/trixie/InRelease  Could not connect to 127.0.0.1:9 (127.0.0.1). - connect (111: Connection refused)`,
      'E: Some index files failed to download. They have been ignored, or old ones used instead.',
    ],
    code: 'E_MIRROR_UNREACHABLE',
    says: 'does not answer now: Could not connect to 127.0.0.1:9',
    because: 'nobody listens there',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/dists/trixie/InRelease  Could not resolve 'mirror.example'`,
      'E: Some index files failed to download. They have been ignored, or old ones used instead.',
    ],
    code: 'E_MIRROR_UNREACHABLE',
    says: "now: Could not resolve 'mirror.example'",
    because: 'the name does not exist, or nobody can say',
  },
  {
    lines: [
      'Err:1 http://mirror.example/debian trixie InRelease',
      "  Temporary failure resolving 'mirror.example'",
      `E: Failed to fetch ${URI}/dists/trixie/InRelease  Temporary failure resolving 'mirror.example'`,
    ],
    code: 'E_MIRROR_UNREACHABLE',
    says: 'now: Temporary failure resolving',
    because: 'no name server answers',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/dists/trixie/InRelease  Connection failed [IP: 127.0.0.1 18799]`,
      'E: Some index files failed to download. They have been ignored, or old ones used instead.',
    ],
    code: 'E_MIRROR_UNREACHABLE',
    says: 'does not answer now: Connection failed',
    because: 'the connection was closed before an answer, or no answer began in time',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/dists/trixie/InRelease  Connection timed out [IP: 127.0.0.1 18799]`,
      'E: Some index files failed to download. They have been ignored, or old ones used instead.',
    ],
    code: 'E_MIRROR_UNREACHABLE',
    says: 'now: Connection timed out',
    because: 'the answer stalled midway',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/dists/trixie/InRelease  500  Internal Server Error [IP: 127.0.0.1 18799]`,
      'E: Some index files failed to download. They have been ignored, or old ones used instead.',
    ],
    code: 'E_MIRROR_UNREACHABLE',
    says: 'does not answer now: 500 Internal Server Error',
    because: 'the mirror is out of order, or wants a rest',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/dists/trixie/InRelease  502  Bad Gateway [IP: 127.0.0.1 18799]`,
      'E: Some index files failed to download. They have been ignored, or old ones used instead.',
    ],
    code: 'E_MIRROR_UNREACHABLE',
    says: 'does not answer now: 502 Bad Gateway',
    because: 'the mirror is out of order, or wants a rest',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/dists/trixie/InRelease  503  Service Unavailable [IP: 127.0.0.1 18799]`,
      'E: Some index files failed to download. They have been ignored, or old ones used instead.',
    ],
    code: 'E_MIRROR_UNREACHABLE',
    says: 'does not answer now: 503 Service Unavailable',
    because: 'the mirror is out of order, or wants a rest',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/dists/trixie/InRelease  504  Gateway Timeout [IP: 127.0.0.1 18799]`,
      'E: Some index files failed to download. They have been ignored, or old ones used instead.',
    ],
    code: 'E_MIRROR_UNREACHABLE',
    says: 'does not answer now: 504 Gateway Timeout',
    because: 'the mirror is out of order, or wants a rest',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/dists/trixie/InRelease  408  Request Timeout [IP: 127.0.0.1 18799]`,
      'E: Some index files failed to download. They have been ignored, or old ones used instead.',
    ],
    code: 'E_MIRROR_UNREACHABLE',
    says: 'does not answer now: 408 Request Timeout',
    because: 'the mirror is out of order, or wants a rest',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/dists/trixie/InRelease  429  Too Many Requests [IP: 127.0.0.1 18799]`,
      'E: Some index files failed to download. They have been ignored, or old ones used instead.',
    ],
    code: 'E_MIRROR_UNREACHABLE',
    says: 'does not answer now: 429 Too Many Requests',
    because: 'the mirror is out of order, or wants a rest',
  },
  {
    lines: [
      `Ign:1 ${URI} trixie InRelease`,
      `Err:2 ${URI} trixie Release`,
      '  503  Service Unavailable [IP: 127.0.0.1 18799]',
      `E: The repository '${URI} trixie Release' does not have a Release file.`,
    ],
    code: 'E_MIRROR_UNREACHABLE',
    says: 'now: 503 Service Unavailable',
    because: 'apt complains of the Release file whenever it did not get one',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/pool/h.deb  Error reading from server. Remote end closed connection [IP: 127.0.0.1 18799]`,
    ],
    code: 'E_MIRROR_UNREACHABLE',
    says: 'now: Error reading from server',
    because: 'the connection broke in the middle of a package',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/pool/h.deb  Error reading from server - read (104: Connection reset by peer) [IP: 127.0.0.1 18799]`,
    ],
    code: 'E_MIRROR_UNREACHABLE',
    says: 'does not answer now',
    because: 'the connection was reset in the middle of a package',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/dists/trixie/InRelease  Invalid response from proxy: HTTP/1.1 502 Bad Gateway     [IP: 127.0.0.1 18799]`,
    ],
    code: 'E_MIRROR_UNREACHABLE',
    says: 'now: 502 Bad Gateway',
    because: 'the proxy cannot reach the mirror',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/dists/trixie/InRelease  Invalid response from proxy: HTTP/1.1 403 Forbidden     [IP: 127.0.0.1 18799]`,
    ],
    code: 'E_MIRROR_REFUSED',
    says: 'refuses to answer: 403 Forbidden',
    because: 'the proxy does not let us through',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/dists/trixie/InRelease  Certificate verification failed: The certificate is NOT trusted. The certificate issuer is unknown. The name in the certificate does not match the expected.  Could not handshake: Error in the certificate verification. [IP: 127.0.0.1 18799]`,
      'E: Some index files failed to download. They have been ignored, or old ones used instead.',
    ],
    code: 'E_MIRROR_NOT_TRUSTED',
    says: 'certificate',
    because: 'its certificate is self-signed',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/dists/trixie/InRelease  Bad header line Bad header data [IP: 127.0.0.1 18799]`,
      'E: Some index files failed to download. They have been ignored, or old ones used instead.',
    ],
    code: 'E_MIRROR_UNREACHABLE',
    says: 'cannot be used now: Bad header line Bad header data',
    because: 'something answers that is no HTTP server',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/dists/trixie/InRelease  Could not handshake: An unexpected TLS packet was received. [IP: 127.0.0.1 18799]`,
      'E: Some index files failed to download. They have been ignored, or old ones used instead.',
    ],
    code: 'E_MIRROR_UNREACHABLE',
    says: 'cannot be used now: Could not handshake',
    because: 'something answers that knows no TLS',
  },
  {
    lines: [
      'Err:2 file:/srv/nope ./ Release',
      '  File not found - /srv/nope/./Release (2: No such file or directory)',
      "E: The repository 'file:/srv/nope ./ Release' does not have a Release file.",
    ],
    code: 'E_MIRROR_LACKS_SUITE',
    says: 'not there',
    because: 'a mirror in a directory that is not there',
  },
  {
    lines: [
      'Err:2 http://127.0.0.1:18804/debian ./ Release',
      '  Redirection loop encountered',
      "E: The repository 'http://127.0.0.1:18804/debian ./ Release' no longer has a Release file.",
    ],
    code: 'E_MIRROR_LACKS_SUITE',
    says: 'not there',
    because: 'the mirror leads in circles',
  },
  {
    lines: [
      `E: Failed to fetch ${URI}/pool/h.deb  Error reading from server. Remote end closed connection [IP: 127.0.0.1 18799]`,
      `E: Failed to fetch ${URI}/pool/i.deb  404  Not Found [IP: 127.0.0.1 18799]`,
      'E: Download Failed',
    ],
    code: 'E_MIRROR_LACKS_SUITE',
    says: 'does not have http://mirror.example/debian/pool/i.deb',
    because: 'of two faults the definite one will still be there',
  },
] as const;

describe('explainAptFailure', () => {
  test.each(COMPLAINTS)('$code: $because', ({ lines, code, says }) => {
    const failure = explained(lines);
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(says);
    expect(failure.hint).toBeDefined();
    expect(failure.kind).toBe(code.startsWith('E_PACKAGE') ? 'profile' : 'host');
  });

  test.each(COMPLAINTS)('$code may pass by itself, or not: $because', ({ lines, code, says }) => {
    const mayPass =
      code === 'E_MIRROR_UNREACHABLE' || (code === 'E_MIRROR_INCONSISTENT' && !says.includes('bash'));
    expect(isNotNow(explained(lines))).toBe(mayPass);
    expect(explained(lines).evidence['answer']).toBe(mayPass ? 'not now' : 'definite');
  });

  test('passwords in addresses are left out', () => {
    const { message, details } = explained([
      'E: Failed to fetch http://me:secret@mirror.example/x.deb  404  Not Found',
    ]);
    expect([message, ...details].join()).toContain('http://mirror.example/x.deb');
    expect([message, ...details].join()).not.toContain('secret');
  });

  test('every row of the table is needed by some complaint', () => {
    const used = COMPLAINTS.map(({ lines }) =>
      APT_COMPLAINTS.findIndex(({ pattern }) => lines.some((line) => pattern.test(line))),
    );
    expect([...new Set(used)].toSorted((a, b) => a - b)).toEqual(APT_COMPLAINTS.map((_, index) => index));
  });

  test('apt’s own words stay below ours, the chatter does not', () => {
    expect(explained(['Reading package lists...', 'E: Unable to locate package x']).details).toEqual([
      'E: Unable to locate package x',
    ]);
  });

  test('a mirror that never answers is unreachable, not a program that failed', () => {
    const slow = new Failure('command', 'E_COMMAND_TIMEOUT', 'apt-get ran longer than 180 s and was ended');
    expect(explainAptFailure(slow)).toMatchObject({
      kind: 'host',
      code: 'E_MIRROR_UNREACHABLE',
      cause: slow,
    });
  });

  test.each([
    { error: aptFailed(['E: Something new']), because: 'an unknown complaint is shown as it is' },
    {
      error: new Failure('interrupted', 'E_INTERRUPTED', 'apt-get was interrupted'),
      because: 'nothing went wrong',
    },
    { error: new TypeError('x'), because: 'a bug stays a bug' },
  ])('left alone: $because', ({ error }) => {
    expect(explainAptFailure(error)).toBe(error);
  });
});
