import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { foldJournal } from '../../../src/catalogue/fold-journal.ts';
import { filedFactsOf, renderLineIndex } from '../../../src/catalogue/line-index.ts';
import { renderReleaseManifest, type ReleaseManifest } from '../../../src/manifests/release.ts';
import { outputsRecipe } from '../../../src/profiles/recipe.ts';
import { digestOfValue } from '../../../src/values/digest.ts';
import { findUnchanged } from '../../../src/workflows/find-unchanged.ts';
import { releaseGuestOf } from '../../../src/workflows/guest-promises.ts';
import { filed, journalOf } from '../catalogue/sample-journal.ts';
import { sampleManifest } from '../manifests/sample-manifest.ts';
import { resolveBuiltIn } from '../profiles/resolve-built-in.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('unchanged');
const { profile } = resolveBuiltIn('server');
const CONTENT = '1'.repeat(64);
const OTHER = '2'.repeat(64);

/** A release that holds what the build is about to file. */
function equal(long: string, changes: Partial<ReleaseManifest> = {}): ReleaseManifest {
  return sampleManifest(long, {
    contentDigest: CONTENT,
    recipe: {
      digest: 'a'.repeat(64),
      outputsDigest: digestOfValue(outputsRecipe(profile)),
      profile: 'server',
    },
    guest: releaseGuestOf(profile),
    tests: { result: 'passed' },
    ...changes,
  });
}

/** Puts releases where a catalogue has them; a `lost` one has half a manifest. */
async function file(releases: readonly ReleaseManifest[], lost: readonly string[] = []): Promise<void> {
  for (const manifest of releases) {
    const { long } = manifest.version;
    const text = lost.includes(long) ? '{"schema":' : renderReleaseManifest(manifest);
    await write(`releases/server/${long}/release.json`, text);
  }
  const { releases: folded, ...index } = foldJournal(
    journalOf(
      ...releases.map((manifest) => filed(manifest.version.long, filedFactsOf(manifest, 'f'.repeat(64)))),
    ),
  );
  // A state other than active comes from elsewhere in a journal.
  const states = new Map(releases.map(({ version, state }) => [version.long, state]));
  const indexed = folded.map((release) => ({ ...release, state: states.get(release.long) ?? release.state }));
  await write('lines/server/index.json', renderLineIndex({ ...index, releases: indexed }));
}

async function write(path: string, text: string): Promise<void> {
  const place = join(scratch.path, path);
  await mkdir(dirname(place), { recursive: true });
  await writeFile(place, text);
}

function find(contentDigest = CONTENT, isTested = true): Promise<string | undefined> {
  const scene = { plan: { profile, baseDigest: 'b'.repeat(64) }, request: { test: isTested } };
  const reservation = { catalogue: scratch.path, line: 'server', build: 9, long: '26.11.21-1.9' };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it looks at nothing else
  return findUnchanged(scene as Parameters<typeof findUnchanged>[0], { reservation }, contentDigest);
}

describe('findUnchanged', () => {
  beforeEach(() => file([equal('26.11.20-1.1', { contentDigest: OTHER }), equal('26.11.20-1.2')]));

  test('finds the newest release', async () => {
    expect(await find()).toBe('26.11.20-1.2');
  });

  test.each([
    { content: OTHER, because: 'an older release had that content, but the line’s newest has another' },
    { content: '3'.repeat(64), because: 'nobody had that content' },
  ])('finds nothing when $because', async ({ content }) => {
    expect(await find(content)).toBeUndefined();
  });

  test.each<{
    releases: readonly ReleaseManifest[];
    lost?: readonly string[];
    found?: string;
    because: string;
  }>([
    { releases: [], because: 'the line is new' },
    {
      releases: [equal('26.11.20-1.1'), equal('26.11.20-1.2', { state: 'revoked', contentDigest: OTHER })],
      found: '26.11.20-1.1',
      because: 'nobody may use the newer one',
    },
    {
      releases: [equal('26.11.20-1.1', { state: 'revoked' })],
      because: 'what was taken back is made again',
    },
    {
      releases: [equal('26.11.20-1.1'), equal('26.11.20-1.2', { arch: 'aarch64', contentDigest: OTHER })],
      found: '26.11.20-1.1',
      because: 'the newer one is for other machines',
    },
    {
      releases: [equal('26.11.20-1.1'), equal('26.11.20-1.2')],
      lost: ['26.11.20-1.2'],
      because: 'nobody knows what the newest one was',
    },
    { releases: [equal('26.11.21-1.9')], because: 'that is the build itself' },
    { releases: [equal('26.11.20-1.1', { tests: { result: 'skipped' } })], because: 'it was never tested' },
  ])('looks at the newest that may be used: $because', async ({ releases, lost = [], found }) => {
    await file(releases, lost);
    expect(await find()).toBe(found);
  });

  test('takes what was not tested for a build that is not tested either', async () => {
    await file([equal('26.11.20-1.1', { tests: { result: 'skipped' } })]);
    expect(await find(CONTENT, false)).toBe('26.11.20-1.1');
  });
});
