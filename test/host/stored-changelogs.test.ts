import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { InstalledPackage } from '../../src/packages/dpkg-status.ts';
import { readStoredChangelogs } from '../../src/workflows/read-stored-changelogs.ts';
import { samplePackage } from '../unit/catalogue/sample-releases.ts';
import { useScratchDirectory } from '../unit/workflows/scratch-directory.ts';

const missing = ['zstd', 'tar'].filter((name) => spawnSync(name, ['--version']).error !== undefined);
if (missing.length > 0)
  process.stderr.write(`skipped: stored changelogs: ${missing.join(', ')} not installed\n`);
const run = missing.length > 0 ? describe.skip : describe;

const scratch = useScratchDirectory('changelogs');
const { signal } = new AbortController();

const entry = (version: string): string =>
  `x (${version}) trixie-security; urgency=high\n\n  * CVE-2026-1234\n\n -- A <a@b>  then\n`;

/** Puts files below the root of an archive, which is then packed. */
function pack(files: Readonly<Record<string, string | Buffer>>): void {
  for (const [name, data] of Object.entries(files)) {
    const path = scratch.join('root/usr/share/doc', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, data);
  }
  execFileSync('tar', ['-C', scratch.join('root'), '-cf', scratch.join('c.tar'), 'usr']);
  execFileSync('zstd', ['-q', '-f', scratch.join('c.tar'), '-o', scratch.join('changelogs.zst')]);
}

const installed = [
  samplePackage('x', '2'),
  samplePackage('libx', '2', { source: 'x' }),
  samplePackage('x-doc', '2', { source: 'x' }),
  samplePackage('other', '1'),
];

/** The versions in each changelog that is found for a package. */
async function versions(name: string, packages: readonly InstalledPackage[] = installed) {
  const wanted = installed.filter((each) => each.name === name);
  const release = {
    directory: scratch.path,
    name: 'server 1',
    packages: { known: true, value: packages } as const,
  };
  const { find, state } = await readStoredChangelogs(release, wanted, signal);
  const found = wanted.flatMap((each) => Array.from(find(each)));
  return {
    state,
    found: found.filter(({ length }) => length > 0).map((entries) => entries.map(({ version }) => version)),
  };
}

run('changelogs in the archive of a release', () => {
  const changelogs = {
    'x/changelog.Debian.gz': gzipSync(entry('2') + entry('1')),
    'x/changelog.Debian.amd64.gz': gzipSync(entry('2+b1')),
    'x/changelog.gz': gzipSync('Version 2\n * news\n'),
    'x/README.gz': gzipSync(entry('9')),
    'other/changelog.gz': gzipSync(entry('1')),
    'x/examples/changelog.gz': gzipSync(entry('8')),
    [`long/${'n'.repeat(200)}.gz`]: gzipSync('x'),
  };

  beforeEach(() => pack(changelogs));

  test.each([
    { name: 'x', found: [['2+b1', '2', '1']], because: 'rebuilds have a file of their own' },
    { name: 'libx', found: [['2+b1', '2', '1']], because: 'packages of one source share it' },
    { name: 'other', found: [['1']], because: 'Debian’s own packages have the short name' },
  ])('$name: $because', async ({ name, found }) => {
    const result = await versions(name);
    expect(result.state).toEqual({ known: true });
    expect(new Set(result.found.map(String))).toEqual(new Set(found.map(String)));
  });

  test('the file that was added last counts', async () => {
    const later = scratch.join('later/usr/share/doc/other/changelog.gz');
    mkdirSync(dirname(later), { recursive: true });
    writeFileSync(later, gzipSync(entry('1.5')));
    execFileSync('tar', ['-C', scratch.join('later'), '--append', '-f', scratch.join('c.tar'), 'usr']);
    execFileSync('zstd', ['-q', '-f', scratch.join('c.tar'), '-o', scratch.join('changelogs.zst')]);
    expect((await versions('other')).found.flat()).toContain('1.5');
    expect((await versions('other')).found.flat()).not.toContain('1');
  });

  test('one that is damaged or endless tells nothing; the others do', async () => {
    const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024));
    pack({ 'other/changelog.gz': bomb, 'x/changelog.Debian.gz': Buffer.from('not gzip') });
    expect(await versions('other')).toEqual({ state: { known: true }, found: [] });
    expect((await versions('libx')).found.flat()).toContain('2+b1');
  });

  test.each([
    { damage: (path: string) => truncateSync(path, 20), says: 'cannot be used', because: 'it was cut' },
    {
      damage: (path: string) => writeFileSync(path, 'no archive'),
      says: 'cannot be used',
      because: 'it is something else',
    },
    {
      damage: (path: string) => execFileSync('rm', [path]),
      says: 'server 1 has no changelogs.zst',
      because: 'it is gone',
    },
    {
      damage: (path: string) => {
        const tar = readFileSync(scratch.join('c.tar'));
        writeFileSync(scratch.join('cut.tar'), tar.subarray(0, 3000));
        execFileSync('zstd', ['-q', '-f', scratch.join('cut.tar'), '-o', path]);
      },
      says: 'a tar archive is damaged',
      because: 'it was packed from half an archive',
    },
    {
      damage: (path: string) => {
        const zeros = Buffer.alloc(300 * 1024 * 1024);
        execFileSync('zstd', ['-q', '-f', '-o', path], { input: zeros });
      },
      says: 'unpacks to more than',
      because: 'somebody wants our memory',
    },
  ])('nothing is known: $because', async ({ damage, says }) => {
    damage(scratch.join('changelogs.zst'));
    const { state, found } = await versions('x');
    expect(found).toEqual([]);
    expect(state).toMatchObject({ known: false, reason: expect.stringContaining(says) });
  });

  test('an archive is not read for nothing', async () => {
    truncateSync(scratch.join('changelogs.zst'), 1);
    expect(await versions('nobody')).toEqual({ state: { known: true }, found: [] });
  });

  test('a signal ends it', async () => {
    const release = {
      directory: scratch.path,
      name: 'server 1',
      packages: { known: true, value: installed } as const,
    };
    await expect(readStoredChangelogs(release, installed, AbortSignal.abort())).rejects.toMatchObject({
      code: 'E_INTERRUPTED',
    });
  });
});
