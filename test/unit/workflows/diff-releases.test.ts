import { beforeEach, describe, expect, test } from '@jest/globals';
import { foldJournal } from '../../../src/catalogue/fold-journal.ts';
import { renderLineIndex } from '../../../src/catalogue/line-index.ts';
import { parseReleaseDiff } from '../../../src/catalogue/release-diff.ts';
import { renderFileList } from '../../../src/disks/file-list.ts';
import { renderGuestFacts } from '../../../src/manifests/guest-facts.ts';
import { renderReleaseManifest, type ReleaseState } from '../../../src/manifests/release.ts';
import { renderPackageList } from '../../../src/packages/package-list.ts';
import { diffNamedReleases } from '../../../src/workflows/diff-named-releases.ts';
import { recordDiff, writeReleaseDiff } from '../../../src/workflows/diff-releases.ts';
import { filed, journalOf } from '../catalogue/sample-journal.ts';
import { sampleDiff, sampleFacts, samplePackage } from '../catalogue/sample-releases.ts';
import { sampleManifest } from '../manifests/sample-manifest.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('diff');
const context = { signal: new AbortController().signal };
const OLD = '26.11.20-1.56';
const NEW = '26.11.21-1.57';

/** Files the records of a release with one package of some version. */
async function file(long: string, version: string, directory = `c/releases/server/${long}`): Promise<void> {
  const records = {
    'release.json': renderReleaseManifest(sampleManifest(long)),
    'packages.txt': renderPackageList([samplePackage('bash', version)]),
    'files.txt': renderFileList([{ path: '/', type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0 }]),
    'facts.json': renderGuestFacts(sampleFacts()),
  };
  for (const [name, text] of Object.entries(records)) await scratch.write(`${directory}/${name}`, text);
}

async function index(...releases: readonly (readonly [string, ReleaseState])[]): Promise<void> {
  const folded = foldJournal(journalOf(...releases.map(([long]) => filed(long))));
  const states = new Map(releases);
  const whole = {
    ...folded,
    releases: folded.releases.map((each) => ({ ...each, state: states.get(each.long) ?? each.state })),
  };
  await scratch.write('c/lines/server/index.json', renderLineIndex(whole));
}

const record = () =>
  recordDiff(
    { catalogue: scratch.join('c'), directory: scratch.join('staged'), manifest: sampleManifest(NEW) },
    context,
  );

describe('recordDiff', () => {
  beforeEach(async () => {
    await file(OLD, '5.1');
    await file(NEW, '5.2', 'staged');
  });

  test('files the difference to the release before, for programs and for people', async () => {
    await index([OLD, 'active']);
    expect(await record()).toEqual({ since: OLD, summary: '1 upgraded' });
    const diff = parseReleaseDiff(await scratch.read('staged/diff.json'));
    expect(diff).toMatchObject({ from: { long: OLD }, to: { long: NEW }, files: { known: true } });
    expect(await scratch.read('staged/diff.md')).toContain(`# server ${NEW}: what changed since ${OLD}\n`);
  });

  test.each([
    { releases: [], because: 'it is the first of its line' },
    { releases: [[OLD, 'revoked']], because: 'nobody should use the one before' },
    { releases: [['26.11.22-1.58', 'active']], because: 'the only other one is newer' },
  ] satisfies { releases: (readonly [string, ReleaseState])[]; because: string }[])(
    'has nothing to compare with: $because',
    async ({ releases }) => {
      await index(...releases);
      expect(await record()).toBeUndefined();
      await expect(scratch.read('staged/diff.json')).rejects.toThrow('ENOENT');
    },
  );

  test('the newest usable release is the one before', async () => {
    await file('26.11.19-1.55', '4.0');
    await index(['26.11.19-1.55', 'active'], [OLD, 'withdrawn']);
    expect((await record())?.since).toBe('26.11.19-1.55');
  });

  test.each([
    { name: 'packages.txt', text: 'bash', says: 'unknown: packages', because: 'it is cut' },
    { name: 'release.json', text: '{', says: '1 upgraded', because: 'packages are known without it' },
    { name: 'files.txt', text: '', says: '1 upgraded, unknown: files', because: 'it is empty' },
  ])('a damaged $name of the release before is no failure: $because', async ({ name, text, says }) => {
    await index([OLD, 'active']);
    await scratch.write(`c/releases/server/${OLD}/${name}`, text);
    expect((await record())?.summary).toBe(says);
  });

  test('neither is a release before whose directory is gone', async () => {
    await index(['26.11.19-1.55', 'active']);
    expect((await record())?.summary).toBe('unknown: packages, files, configuration');
  });

  test('nor a damaged index, of which others speak', async () => {
    await scratch.write('c/lines/server/index.json', '{');
    expect(await record()).toBeUndefined();
  });
});

const diffNamed = (first: string, second?: string) =>
  diffNamedReleases({ first, second, catalogue: scratch.join('c') }, context);

describe('diffNamedReleases', () => {
  beforeEach(async () => {
    await file(OLD, '5.1');
    await file(NEW, '5.2');
    await index([OLD, 'active'], [NEW, 'active']);
  });

  test.each([
    { first: `server@${OLD}`, second: 'server', because: 'a line is its newest release' },
    { first: 'server@26.11.20', second: 'server@26.11.21-1', because: 'a day and a revision are aliases' },
    {
      first: `server@${NEW}`,
      second: undefined,
      because: 'a release alone is compared with the one before it',
    },
    { first: 'server', second: undefined, because: 'so is a line' },
    { first: 'server@<=26.11.20', second: 'server@26.11.x', because: 'ranges mean the newest in them' },
  ])('$first and $second: $because', async ({ first, second }) => {
    expect(await diffNamed(first, second)).toMatchObject({
      from: { line: 'server', long: OLD },
      to: { line: 'server', long: NEW },
      packages: { upgraded: [{ name: 'bash', from: '5.1', to: '5.2' }], changelogs: { known: false } },
    });
  });

  test('directories of releases need no catalogue', async () => {
    const [older, newer] = [OLD, NEW].map((long) => scratch.join('c/releases/server', long));
    const request = { first: newer ?? '', second: older ?? '', catalogue: scratch.join('none') };
    expect(await diffNamedReleases(request, context)).toMatchObject({
      packages: { downgraded: [{ name: 'bash', from: '5.2', to: '5.1' }] },
    });
  });

  test('a release alone is told as it was filed', async () => {
    const stored = sampleDiff({ notes: ['as it was filed'] });
    await writeReleaseDiff(scratch.join('c/releases/server', NEW), stored);
    expect(await diffNamed('server')).toEqual(stored);
  });

  test.each([
    { text: '{', because: 'it is damaged' },
    {
      text: JSON.stringify({ ...sampleDiff(), to: { line: 'other', long: NEW } }),
      because: 'it is of another release',
    },
  ])('unless that cannot be used: $because', async ({ text }) => {
    await scratch.write(`c/releases/server/${NEW}/diff.json`, text);
    expect((await diffNamed('server')).packages).toMatchObject({ upgraded: [{ name: 'bash' }] });
  });

  test.each([
    { first: 'other', code: 'E_LINE_UNKNOWN', because: 'there is no such line' },
    { first: 'server@26.11.19', code: 'E_RELEASE_UNKNOWN', because: 'there is no such release' },
    { first: '../x', code: 'E_RELEASE_NAME', because: 'that names no line' },
    { first: '/', code: 'E_NOT_FOUND', because: 'that is no release' },
    { first: `server@${OLD}`, code: 'E_NO_PREDECESSOR', because: 'it is the first one' },
  ])('$first is refused: $because', async ({ first, code }) => {
    await expect(diffNamed(first)).rejects.toMatchObject({ kind: 'usage', code });
  });
});
