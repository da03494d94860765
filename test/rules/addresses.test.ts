import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { REPOSITORY } from './source-files.ts';

/**
 * Addresses that must not be in the repository: where packages come from is the user's business, and
 * a machine's own paths and names mean nothing elsewhere.
 */
const FORBIDDEN: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  {
    what: "a Debian mirror's address",
    pattern: /https?:\/\/[^\s"'<>]*\b(?:debian|ubuntu)\.(?:org|com|net)\b/i,
  },
  {
    what: "a package mirror's address",
    pattern: /https?:\/\/(?:mirror|deb|ftp|apt|archive|snapshot)s?\d*\.[^\s"'<>]+/i,
  },
  { what: "an npm registry's address", pattern: /https?:\/\/[^\s"'<>]*\b(?:registry|npmjs|yarnpkg)\./i },
  { what: 'a download address in the lock file', pattern: /"resolved":\s*"https?:/ },
  { what: 'a private key', pattern: /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\n/ },
];

/** Hosts reserved for examples (RFC 2606, RFC 6761), as tests use them. */
const EXAMPLE_HOST =
  /^https?:\/\/(?:[\w-]+\.)*(?:example(?:\.(?:com|net|org))?|test|invalid|localhost)(?:[:/]|$)/i;

const tracked = spawnSync('git', ['ls-files', '-z'], { cwd: REPOSITORY, encoding: 'utf8' })
  .stdout.split('\0')
  .filter((path) => path !== '' && path !== 'test/rules/addresses.test.ts' && isSmallFile(path));

/** Places where a forbidden address stands, as `file:line what`. */
export function forbiddenAddresses(path: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) =>
    FORBIDDEN.filter(({ pattern }) => {
      const match = pattern.exec(`${line}\n`);
      return match !== null && !EXAMPLE_HOST.test(match[0]);
    }).map(({ what }) => `${path}:${index + 1} ${what}`),
  );
}

describe('addresses', () => {
  test('no tracked file names a mirror, a registry or a key', () => {
    const faults = tracked.flatMap((path) =>
      forbiddenAddresses(path, readFileSync(join(REPOSITORY, path), 'utf8')),
    );
    expect(faults).toEqual([]);
  });

  test.each([
    {
      line: 'uri: http://deb.debian.net/debian',
      faults: 2,
      because: "it is Debian's mirror, and named like one",
    },
    { line: 'http://mirror.internal/debian', faults: 1, because: 'a host named mirror is one' },
    { line: 'http://mirror.example/debian', faults: 0, because: 'the example domain leads nowhere' },
    { line: '"resolved": "https://x.test/y.tgz"', faults: 1, because: 'lock files carry no addresses' },
    { line: 'see https://no-color.org', faults: 0, because: 'a page for people is fine' },
  ])('the rule itself: $because', ({ line, faults }) => {
    expect(forbiddenAddresses('x', line)).toHaveLength(faults);
  });
});

function isSmallFile(path: string): boolean {
  const stats = statSync(join(REPOSITORY, path), { throwIfNoEntry: false });
  return stats !== undefined && stats.isFile() && stats.size < 4 * 1024 * 1024;
}
