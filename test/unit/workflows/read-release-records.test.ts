import { mkdir } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { renderFileList } from '../../../src/disks/file-list.ts';
import { renderGuestFacts } from '../../../src/manifests/guest-facts.ts';
import { renderReleaseManifest } from '../../../src/manifests/release.ts';
import { renderPackageList } from '../../../src/packages/package-list.ts';
import { sha256Of } from '../../../src/values/digest.ts';
import { readReleaseRecords, type DirectoryRecords } from '../../../src/workflows/read-release-records.ts';
import { sampleFacts, samplePackage } from '../catalogue/sample-releases.ts';
import { sampleManifest } from '../manifests/sample-manifest.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('records');
const LONG = '26.11.21-1.57';
const TEXTS = {
  'release.json': renderReleaseManifest(sampleManifest(LONG)),
  'packages.txt': renderPackageList([samplePackage('bash', '5.2')]),
  'files.txt': renderFileList([{ path: '/', type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0 }]),
  'facts.json': renderGuestFacts(sampleFacts()),
};
const RECORDS = {
  'release.json': 'manifest',
  'packages.txt': 'packages',
  'files.txt': 'files',
  'facts.json': 'facts',
} as const;

const read = (): Promise<DirectoryRecords> =>
  readReleaseRecords({ directory: scratch.path, line: 'server', long: LONG });

/** Why a record is unknown; empty when it is known. */
async function reason(file: keyof typeof RECORDS): Promise<string> {
  const record = (await read())[RECORDS[file]];
  return record.known ? '' : record.reason;
}

describe('readReleaseRecords', () => {
  beforeEach(async () => {
    for (const [name, text] of Object.entries(TEXTS)) await scratch.write(name, text);
  });

  test('reads what is filed', async () => {
    const records = await read();
    expect(records).toMatchObject({
      name: 'server 26.11.21-1.57',
      manifest: { known: true, value: { line: 'server' } },
      packages: { known: true, value: [{ name: 'bash' }] },
      files: { known: true, value: [{ path: '/' }] },
      facts: { known: true, value: { withheld: ['/etc/shadow'] } },
      notes: [],
    });
  });

  test.each([
    {
      file: 'packages.txt' as const,
      text: '',
      says: 'packages.txt is empty',
      because: 'a full disk leaves such files',
    },
    {
      file: 'packages.txt' as const,
      text: TEXTS['packages.txt'].slice(0, -2),
      says: 'ends within a line',
      because: 'a cut number is a number, too',
    },
    { file: 'packages.txt' as const, text: 'bash\n', says: 'line 1', because: 'fields are missing' },
    {
      file: 'files.txt' as const,
      text: TEXTS['files.txt'].slice(0, -4),
      says: 'ends within line 1',
      because: 'it was cut',
    },
    { file: 'files.txt' as const, text: '', says: 'is empty', because: 'no system has no file' },
    {
      file: 'facts.json' as const,
      text: TEXTS['facts.json'].slice(0, 99),
      says: 'is not JSON',
      because: 'it was cut',
    },
    {
      file: 'facts.json' as const,
      text: '{"schema": 2}',
      says: 'newer Mintmark',
      because: 'it is of a later time',
    },
    { file: 'release.json' as const, text: '{}', says: 'faults', because: 'nothing is in it' },
  ])('$file is unknown: $because', async ({ file, text, says }) => {
    await scratch.write(file, text);
    expect(await reason(file)).toContain(`${file} of server 26.11.21-1.57 cannot be used: `);
    expect(await reason(file)).toContain(says);
  });

  test.each(Object.keys(RECORDS))('%s may be missing', async (name) => {
    const file = Object.keys(TEXTS).find((each): each is keyof typeof RECORDS => each === name);
    if (!file) throw new Error(`there is no ${name}`);
    const { rm } = await import('node:fs/promises');
    await rm(scratch.join(file));
    expect(await reason(file)).toBe(`server 26.11.21-1.57 has no ${file}`);
  });

  test('a directory in place of a record cannot be read', async () => {
    const { rm } = await import('node:fs/promises');
    await rm(scratch.join('facts.json'));
    await mkdir(scratch.join('facts.json'));
    expect(await reason('facts.json')).toBe('facts.json of server 26.11.21-1.57 cannot be read (EISDIR)');
  });

  test('records that are not as they were filed are compared, and that is said', async () => {
    const sums = Object.entries(TEXTS).map(([file, text]) => `${sha256Of(text)} *${file}\n`);
    await scratch.write('SHA256SUMS', sums.join(''));
    expect((await read()).notes).toEqual([]);
    await scratch.write('packages.txt', renderPackageList([samplePackage('bash', '6')]));
    const { notes, packages } = await read();
    expect(notes).toEqual(['server 26.11.21-1.57 is not as it was filed: packages.txt not as in SHA256SUMS']);
    expect(packages.known).toBe(true);
  });

  test('a manifest that is not filed yet is taken as it is', async () => {
    const manifest = sampleManifest('26.11.22-1.58');
    const request = { directory: scratch.path, line: 'server', long: '26.11.22-1.58', manifest };
    expect((await readReleaseRecords(request)).manifest).toEqual({ known: true, value: manifest });
  });
});
