import { describe, expect, test } from '@jest/globals';
import {
  closureIdentity,
  parsePackageUris,
  parsePrintedUris,
  renderClosureIndex,
  renderClosureRelease,
} from '../../../src/bases/closure.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const line = (file: string, digest = A, size = 10): string =>
  `'http://mirror.example/debian/pool/x.deb' ${file} ${size} SHA256:${digest}`;

describe('parsePrintedUris', () => {
  test.each([
    {
      file: 'bash_5.2.37-2_amd64.deb',
      name: 'bash',
      version: '5.2.37-2',
      architecture: 'amd64',
      because: 'an ordinary package',
    },
    {
      file: 'libc6_1%3a2.41-12_amd64.deb',
      name: 'libc6',
      version: '1:2.41-12',
      architecture: 'amd64',
      because: 'an epoch is quoted',
    },
    {
      file: 'tool_1.0%5fbeta%3a2_all.deb',
      name: 'tool',
      version: '1.0_beta:2',
      architecture: 'all',
      because: 'so is an underscore',
    },
    {
      file: 'libssl3t64_3.5.7-1~deb13u3+b1_amd64.deb',
      name: 'libssl3t64',
      version: '3.5.7-1~deb13u3+b1',
      architecture: 'amd64',
      because: 'tilde and plus are not',
    },
    {
      file: 'g++-14_14.2.0-19_amd64.deb',
      name: 'g++-14',
      version: '14.2.0-19',
      architecture: 'amd64',
      because: 'names may hold plus signs',
    },
  ])('$file: $because', ({ file, name, version, architecture }) => {
    expect(parsePrintedUris(line(file))).toEqual([
      { name, version, architecture, sha256: A, sizeBytes: 10, file },
    ]);
  });

  test('sorts by file name and skips what is no package', () => {
    const text = [
      'Reading package lists...',
      line('zsh_1_amd64.deb'),
      line('bash_1_amd64.deb', B),
      'Need to get 20 B',
      '',
    ];
    expect(parsePrintedUris(text.join('\n')).map(({ name }) => name)).toEqual(['bash', 'zsh']);
  });

  test.each([
    {
      text: "'http://x/p.deb' p_1_amd64.deb 10 MD5Sum:d41d8cd98f00b204e9800998ecf8427e",
      because: 'MD5 proves nothing',
    },
    { text: "'http://x/p.deb' p_1_amd64.deb 10 ", because: 'no digest at all' },
    { text: line('p.deb'), because: 'the file name has no version' },
  ])('refused: $because', ({ text }) => {
    expect(() => parsePrintedUris(text)).toThrow(expect.objectContaining({ code: 'E_CLOSURE_UNREADABLE' }));
  });
});

test('closures from two mirrors are equal when their packages are', () => {
  const [first] = parsePrintedUris(line('bash_1_amd64.deb'));
  const [second] = parsePrintedUris(line('bash_1_amd64.deb').replace('mirror.example', 'other.example'));
  expect(first && closureIdentity([first])).toEqual([`bash 1 amd64 ${A}`]);
  expect(second && closureIdentity([second])).toEqual([`bash 1 amd64 ${A}`]);
});

/** A paragraph of `apt-cache show`. */
const shown = (name: string, digest: string): string =>
  [
    `Package: ${name}`,
    'Status: install ok installed',
    'Description: short',
    ' long text',
    'Description-md5: 0',
    `Filename: pool/main/${name}.deb`,
    'MD5sum: 1',
    `SHA256: ${digest}`,
    'Size: 10',
    '',
  ].join('\n');

describe('renderClosureIndex', () => {
  const packages = parsePrintedUris([line('a_1_amd64.deb'), line('b_1%3a2_all.deb', B)].join('\n'));
  test('keeps exactly the closure, pointing into the pool', () => {
    const text = renderClosureIndex(
      packages,
      [shown('a', A), shown('b', B), shown('other', 'c'.repeat(64))].join('\n'),
    );
    expect(text).toBe(
      [
        'Package: a\nDescription: short\n long text\n',
        `SHA256: ${A}\nSize: 10\nFilename: ./pool/a_1_amd64.deb\n\n`,
        'Package: b\nDescription: short\n long text\n',
        `SHA256: ${B}\nSize: 10\nFilename: ./pool/b_1%3a2_all.deb\n`,
      ].join(''),
    );
  });

  test('a package that two archives show enters once', () => {
    const text = renderClosureIndex(packages, [shown('a', A), shown('a', A), shown('b', B)].join('\n'));
    expect(text.match(/^Package: a$/gm)).toHaveLength(1);
  });

  test('a package without a record is a failure that names it', () => {
    expect(() => renderClosureIndex(packages, shown('a', A))).toThrow(/no record of b 1:2/);
  });
});

test('the Release file names the suite, so that apt finds what it was asked for', () => {
  expect(renderClosureRelease('trixie', 'amd64')).toContain(
    'Suite: trixie\nCodename: trixie\nArchitectures: amd64 all\n',
  );
});

test('where each package is, by its digest', () => {
  const sha256 = 'a'.repeat(64);
  const uri = 'http://mirror.example/debian/pool/g/g%2b%2b_1%253a2_amd64.deb';
  expect(parsePackageUris(`'${uri}' g_1%3a2_amd64.deb 10 SHA256:${sha256}\nE: x\n`)).toEqual(
    new Map([[sha256, uri]]),
  );
});
