import { appendFile, rm } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { JournalEntry } from '../../../src/catalogue/journal.ts';
import { changeLine } from '../../../src/workflows/change-line.ts';
import type { WorkflowEvent } from '../../../src/workflows/events.ts';
import { listLines, listReleases } from '../../../src/workflows/list-releases.ts';
import { showRelease } from '../../../src/workflows/show-release.ts';
import { fileSample, promoteSample, SAMPLE_STAMP } from './sample-catalogue.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const FIRST = '26.11.21-1.1';
const SECOND = '26.11.21-1.2';

const scratch = useScratchDirectory('show');
let catalogue: string;
let events: WorkflowEvent[];
const context = { emit: (event: WorkflowEvent): void => void events.push(event) };

beforeEach(async () => {
  events = [];
  catalogue = scratch.join('catalogue');
  await fileSample(catalogue, scratch.path, 'server');
  await promoteSample(catalogue, 'server', FIRST);
  await fileSample(catalogue, scratch.path, 'server');
});

async function record(...entries: JournalEntry[]): Promise<void> {
  await changeLine(catalogue, 'server', () => entries);
}

describe('a release that is shown', () => {
  test.each([
    { text: 'server', long: SECOND, because: 'a line alone means its latest' },
    { text: 'server@stable', long: FIRST, because: 'a channel means its head' },
    { text: `server@${FIRST}`, long: FIRST, because: 'a full version means itself' },
    { text: 'server@26.11.x', long: SECOND, because: 'a range means the newest in it' },
  ])('$text is $long: $because', async ({ text, long }) => {
    expect(await showRelease(catalogue, text, context)).toMatchObject({ long, packages: 1 });
  });

  test('has its channels, aliases, manifest and history', async () => {
    const shown = await showRelease(catalogue, `server@${FIRST}`, context);
    expect(shown).toMatchObject({ channels: ['stable', 'tested'], aliases: [] });
    expect(shown.manifest?.version.long).toBe(FIRST);
    expect(shown.history.map(({ action }) => action)).toEqual(['file', 'promote', 'promote']);
  });

  test('that was revoked or is gone is still shown', async () => {
    await record({
      ...SAMPLE_STAMP,
      action: 'revoke',
      long: SECOND,
      reason: 'boots never',
      replacement: FIRST,
    });
    await record({ ...SAMPLE_STAMP, action: 'withdraw', long: SECOND, reason: 'retention' });
    const { release, history } = await showRelease(catalogue, `server@${SECOND}`, context);
    expect(release).toMatchObject({
      state: 'withdrawn',
      revoked: { reason: 'boots never', replacement: FIRST },
      withdrawn: { reason: 'retention' },
    });
    expect(history.map(({ action }) => action)).toEqual(['file', 'revoke', 'withdraw']);
  });

  test.each([
    { damage: 'is gone', because: 'somebody removed it', breakIt: (path: string) => rm(path) },
    {
      damage: 'is not what was filed',
      because: 'somebody changed it',
      breakIt: (path: string) => appendFile(path, ' '),
    },
  ])('whose manifest $damage is shown with a warning: $because', async ({ damage, breakIt }) => {
    await breakIt(scratch.join(`catalogue/releases/server/${FIRST}/release.json`));
    const shown = await showRelease(catalogue, `server@${FIRST}`, context);
    expect(shown.manifest).toBeUndefined();
    expect(events).toEqual([
      { type: 'warning', text: expect.stringContaining(`release.json ${damage}; mintmark verify server`) },
    ]);
  });

  test('must be there', async () => {
    await expect(showRelease(catalogue, 'server@26.11.20', context)).rejects.toMatchObject({
      kind: 'usage',
      code: 'E_RELEASE_UNKNOWN',
    });
  });
});

describe('lists', () => {
  test.each([
    { text: 'server', longs: [SECOND, FIRST], because: 'the newest comes first' },
    { text: 'server@stable', longs: [FIRST], because: 'a channel means its head' },
    { text: 'server@>=26.11.21', longs: [SECOND, FIRST], because: 'a range means all that is in it' },
    { text: `server@${FIRST}`, longs: [FIRST], because: 'a full version means itself' },
  ])('$text: $because', async ({ text, longs }) => {
    expect((await listReleases(catalogue, text)).releases.map(({ long }) => long)).toEqual(longs);
  });

  test('of lines say what is newest and where channels are', async () => {
    expect(await listLines(catalogue, context)).toMatchObject([
      {
        line: 'server',
        releases: 2,
        newest: { long: SECOND },
        channels: { candidate: SECOND, stable: FIRST, tested: FIRST },
      },
    ]);
  });

  test('of lines go on where one of them cannot be understood', async () => {
    await fileSample(catalogue, scratch.path, 'node');
    for (const file of ['index.json', 'journal.json'])
      await scratch.write(`catalogue/lines/node/${file}`, '{');
    expect(await listLines(catalogue, context)).toMatchObject([{ line: 'server' }]);
    expect(events).toMatchObject([{ type: 'warning' }]);
  });

  test('of a catalogue that is not there are empty', async () => {
    expect(await listLines(scratch.join('nowhere'), context)).toEqual([]);
  });
});
