import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { markBuilding, reserve } from '../../../src/workflows/allocate-version.ts';
import { fileRelease } from '../../../src/workflows/file-release.ts';
import { checkMirrorAge, findOlderIndices } from '../../../src/workflows/mirror-age.ts';
import { createStaging } from '../../../src/workflows/stage-release.ts';
import { sampleManifest } from '../manifests/sample-manifest.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('mirror-age');
const catalogue = (): string => scratch.join('catalogue');
const index = (suite: string, date: string) => ({ suite, date });

const MAIN = index('trixie', '2026-11-15T09:00:00.000Z');
const SECURITY = index('trixie-security', '2026-11-20T20:01:00.000Z');

describe('indices that went back', () => {
  test.each([
    { now: [MAIN, SECURITY], before: [MAIN, SECURITY], older: [], because: 'equal' },
    {
      now: [index('trixie', '2026-11-15T09:00:01.000Z')],
      before: [MAIN],
      older: [],
      because: 'a second newer',
    },
    {
      now: [index('trixie', '2026-11-15T08:59:59.000Z')],
      before: [MAIN],
      older: ['trixie'],
      because: 'a second older',
    },
    {
      now: [index('trixie', '2026-11-15T10:00:00+02:00')],
      before: [MAIN],
      older: ['trixie'],
      because: 'an hour older, elsewhere',
    },
    {
      now: [index('bookworm', '2020-01-01T00:00:00.000Z')],
      before: [MAIN],
      older: [],
      because: 'another suite',
    },
    { now: [MAIN], before: [], older: [], because: 'nothing is known of then' },
    { now: [], before: [MAIN], older: [], because: 'nothing is known of now' },
    { now: [index('trixie', '')], before: [MAIN], older: [], because: 'an index without a date' },
    { now: [MAIN], before: [index('trixie', 'nonsense')], older: [], because: 'a date that is none' },
    {
      now: [index('stable', '2026-11-01T00:00:00Z'), index('stable', '2026-11-10T00:00:00Z')],
      before: [index('stable', '2026-11-10T00:00:00Z'), index('stable', '2026-11-01T00:00:00Z')],
      older: [],
      because: 'two archives call a suite alike',
    },
  ])('$older: $because', ({ now, before, older }) => {
    expect(findOlderIndices(now, before).map(({ suite }) => suite)).toEqual(older);
  });
});

async function file(
  mirrors: readonly { suite: string; date: string }[] | undefined,
  day = 20,
): Promise<string> {
  const now = new Date(Date.UTC(2026, 10, day));
  const reservation = await reserve(catalogue(), 'server', {
    date: { year: 2026, month: 11, day },
    policy: 'daily',
    recipeDigest: 'a'.repeat(64),
    newCatalogue: false,
    ci: false,
    now,
  });
  await markBuilding(reservation, now);
  const staging = await createStaging(catalogue(), 'server', reservation.long);
  const known = mirrors?.map((each) => ({ ...each, inReleaseSha256: 'f'.repeat(64) }));
  const manifest = sampleManifest(reservation.long, known === undefined ? {} : { mirrors: known });
  for (const { file: name } of manifest.artifacts) await writeFile(join(staging, name), 'disk');
  return (await fileRelease(catalogue(), staging, manifest, { now })).directory;
}

const REQUEST = { rebuild: false, offline: false };
const ask = (mirrors: readonly { suite: string; date: string }[], request = REQUEST, line = 'server') =>
  checkMirrorAge(line, mirrors, { ...request, catalogue: catalogue() });

describe('a mirror', () => {
  const OLD = index('trixie-security', '2026-11-19T20:01:00.000Z');

  test('of a line without releases may be of any age', async () => {
    await expect(ask([OLD])).resolves.toBeUndefined();
  });

  describe('beside a release', () => {
    let directory = '';
    beforeEach(async () => {
      directory = await file([MAIN, SECURITY]);
    });

    test('must not be older; both dates are named', async () => {
      await expect(ask([MAIN, OLD])).rejects.toMatchObject({
        kind: 'host',
        code: 'E_MIRROR_OLDER',
        message:
          'the mirror is older than the newest release: its trixie-security index is of 2026-11-19 20:01 UTC, ' +
          'that of server 26.11.20-1.1 was of 2026-11-20 20:01 UTC',
        hint: '--mirror URL names another; --rebuild builds from it anyway',
      });
    });

    test('older in two suites is told of both', async () => {
      const asked = ask([index('trixie', '2026-01-01T00:00:00Z'), OLD]);
      await expect(asked).rejects.toMatchObject({ details: [expect.stringContaining('trixie-security: ')] });
    });

    test.each([
      { request: { ...REQUEST, rebuild: true }, because: '--rebuild wants it' },
      { request: { ...REQUEST, offline: true }, because: '--offline takes what there is' },
    ])('may be older: $because', async ({ request }) => {
      await expect(ask([OLD], request)).resolves.toBeUndefined();
    });

    test('is compared with the same line only', async () => {
      await expect(ask([OLD], REQUEST, 'edge')).resolves.toBeUndefined();
    });

    test('is not compared with the clock: a release from the future changes nothing', async () => {
      // Filed while the clock was a day ahead; it has been set back since.
      await file([MAIN, SECURITY], 28);
      await expect(ask([MAIN, SECURITY])).resolves.toBeUndefined();
      await expect(ask([MAIN, OLD])).rejects.toMatchObject({ code: 'E_MIRROR_OLDER' });
    });

    test('is compared with the newest release only: a rebuild from an older mirror settles it', async () => {
      await file([MAIN, OLD], 21);
      await expect(ask([MAIN, OLD])).resolves.toBeUndefined();
    });

    test.each([
      { spoil: () => writeFile(join(directory, 'release.json'), '{'), because: 'its manifest is damaged' },
      { spoil: () => rm(directory, { recursive: true }), because: 'it is gone' },
      {
        spoil: async () => {
          await writeFile(join(catalogue(), 'lines/server/index.json'), '[');
          await writeFile(join(catalogue(), 'lines/server/journal.json'), '[');
        },
        because: 'the index is damaged, and so is the journal that it could be made from',
      },
      { spoil: () => file(undefined, 21), because: 'it does not say what it was made from' },
    ])('beside a release that says nothing: $because', async ({ spoil }) => {
      await spoil();
      await expect(ask([OLD])).resolves.toBeUndefined();
    });
  });
});
