import { mkdir, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { foldJournal } from '../../../src/catalogue/fold-journal.ts';
import { renderJournal, type JournalEntry } from '../../../src/catalogue/journal.ts';
import { renderLineIndex } from '../../../src/catalogue/line-index.ts';
import { renderReleaseManifest } from '../../../src/manifests/release.ts';
import { UNKNOWN_GUEST } from '../../../src/workflows/guest-promises.ts';
import { findTestSubject, type TestSubject } from '../../../src/workflows/test-subject.ts';
import { filed, journalOf, STAMP } from '../catalogue/sample-journal.ts';
import { sampleManifest } from '../manifests/sample-manifest.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('subject');
const LONGS = ['26.11.21-1.57', '26.11.21-2.58', '26.11.22-1.59'];
const GONE = '26.11.1-1.50';
const WITHDRAWN: JournalEntry = { ...STAMP, action: 'withdraw', long: GONE, reason: 'no rule keeps it' };

async function file(long: string, line = 'server'): Promise<string> {
  const directory = scratch.join('catalogue/releases', line, long);
  await mkdir(directory, { recursive: true });
  const manifest = sampleManifest(long, { line, name: line, guest: UNKNOWN_GUEST });
  await writeFile(`${directory}/release.json`, renderReleaseManifest(manifest));
  await writeFile(`${directory}/${manifest.artifacts[0]?.file}`, 'disk');
  return directory;
}

const find = (text: string): Promise<TestSubject> => findTestSubject(text, scratch.join('catalogue'));

describe('findTestSubject', () => {
  beforeEach(async () => {
    for (const long of LONGS) await file(long);
    const tested = filed('26.11.21-2.58', { tests: 'passed' });
    const journal = journalOf(filed(GONE), filed('26.11.21-1.57'), tested, filed('26.11.22-1.59'), WITHDRAWN);
    await scratch.write('catalogue/lines/server/journal.json', renderJournal(journal));
    await scratch.write('catalogue/lines/server/index.json', renderLineIndex(foldJournal(journal)));
  });

  test.each([
    { text: 'server', long: '26.11.21-2.58', because: 'that is the newest that passed its tests' },
    { text: 'server@latest', long: '26.11.21-2.58', because: 'it may be named' },
    { text: 'server@26.11.21-1.57', long: '26.11.21-1.57', because: 'a LONG is one release' },
    { text: 'server@26.11.21-1', long: '26.11.21-1.57', because: 'an INTER is that day’s revision' },
    { text: 'server@26.11.21', long: '26.11.21-2.58', because: 'of a day, the newest' },
    { text: 'server@candidate', long: '26.11.22-1.59', because: 'a channel has a head' },
    { text: 'server@<26.11.22', long: '26.11.21-2.58', because: 'of a range, the newest' },
    { text: 'server@26.11.22', long: '26.11.22-1.59', because: 'also one that is not the latest' },
  ])('$text is $long: $because', async ({ text, long }) => {
    const { name, line, artifacts } = await find(text);
    expect({ name, line }).toEqual({ name: `server ${long}`, line: 'server' });
    expect(artifacts).toMatchObject([{ target: 'kvm', sha256: 'd'.repeat(64) }]);
    expect(artifacts[0]?.path).toContain(`releases/server/${long}/server_${long}_x86_64-kvm.qcow2`);
  });

  test('the directory of a release is that release', async () => {
    expect((await find(scratch.join('catalogue/releases/server/26.11.22-1.59'))).name).toBe(
      'server 26.11.22-1.59',
    );
  });

  test('a file of a release is that artifact, with what is known of it', async () => {
    const name = 'server_26.11.22-1.59_x86_64-kvm.qcow2';
    const subject = await find(scratch.join('catalogue/releases/server/26.11.22-1.59', name));
    expect(subject).toMatchObject({ name, line: 'server', artifacts: [{ sha256: 'd'.repeat(64) }] });
    expect(subject.promise.identity?.imageVersion).toBe('26.11.22-1.59');
  });

  test.each([
    { name: 'disk.img', because: 'it lies anywhere' },
    { name: 'catalogue/releases/server/26.11.22-1.59/other.qcow2', because: 'the release does not list it' },
  ])('$name is a file of which nothing is known: $because', async ({ name }) => {
    const subject = await find(await scratch.write(name, 'disk'));
    expect(subject.line).toBeUndefined();
    expect(subject.promise.identity).toBeUndefined();
    expect(subject.artifacts).toEqual([{ path: scratch.join(name), target: 'kvm' }]);
  });

  test.each([
    {
      text: 'server@27.1.1',
      code: 'E_RELEASE_UNKNOWN',
      hint: /there is 26\.11\.22-1\.59/,
      because: 'releases are there',
    },
    { text: 'nothing', code: 'E_NOT_FOUND', hint: /there is server/, because: 'lines are there' },
    { text: '../server', code: 'E_NOT_FOUND', hint: /./, because: 'a line is no path' },
    { text: 'server@1@2', code: 'E_RELEASE_NAME', hint: /./, because: 'one version is enough' },
  ])('$text is not found: $because', async ({ text, code, hint }) => {
    await expect(find(text)).rejects.toMatchObject({
      kind: 'usage',
      code,
      hint: expect.stringMatching(hint),
    });
  });

  test('a release whose files are gone is told with since when', async () => {
    await expect(find(`server@${GONE}`)).rejects.toMatchObject({
      code: 'E_RELEASE_WITHDRAWN',
      message: expect.stringContaining('no rule keeps it'),
    });
  });

  test('a directory that is no release is told so', async () => {
    await expect(find(scratch.join('catalogue'))).rejects.toMatchObject({
      code: 'E_NOT_FOUND',
      message: expect.stringContaining('holds no release.json'),
    });
  });

  test('a damaged release is no missing one', async () => {
    await scratch.write('catalogue/releases/server/26.11.22-1.59/release.json', '{');
    await expect(find('server@26.11.22')).rejects.toMatchObject({ code: 'E_RELEASE_INVALID' });
  });
});

test('an empty catalogue is told so', async () => {
  await expect(find('server')).rejects.toMatchObject({
    code: 'E_NOT_FOUND',
    hint: `nothing is filed in ${scratch.join('catalogue')}`,
  });
});
