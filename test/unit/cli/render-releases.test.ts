import { describe, expect, test } from '@jest/globals';
import { renderLines, renderReleaseList } from '../../../src/cli/render-releases.ts';
import { PLAIN_STYLE } from '../../../src/cli/text-style.ts';
import type { ListedRelease } from '../../../src/workflows/list-releases.ts';
import { filed, stateOf } from '../catalogue/sample-journal.ts';

const layout = { width: 80, style: PLAIN_STYLE };

function listed(long: string, changes: Partial<ListedRelease> = {}): ListedRelease {
  const [release] = stateOf(filed(long, { sizeBytes: 145_000_000, tests: 'passed' })).index.releases;
  if (release === undefined) throw new Error('one was filed');
  return { ...release, channels: [], ...changes };
}

const GONE = { at: '2026-11-30T00:00:00Z', by: 'night@ci', reason: 'retention' };
const LIST = {
  line: 'server',
  releases: [
    listed('26.11.21-2.58', { channels: ['candidate', 'gm-product.1', 'stable', 'tested'] }),
    listed('26.11.21-1.57', {
      pins: [{ at: GONE.at, by: 'anna@ops', reason: 'a customer runs it', until: '2027-01-31' }],
    }),
    listed('26.11.20-1.56', { state: 'revoked' }),
    listed('26.11.19-1.55', { state: 'withdrawn', withdrawn: GONE }),
  ],
};

describe('the lines of a catalogue', () => {
  test('have a row each; a channel is named with its release unless that is the newest', () => {
    const channels = { candidate: '26.11.21-2.58', stable: '26.11.20-1.56', tested: '26.11.20-1.56' };
    const newest = { long: '26.11.21-2.58', created: '2026-11-21T07:31:00Z' };
    const lines = [
      { line: 'cosmic-systemvm', releases: 12, newest, channels, sizeBytes: 3_300_000_000 },
      { line: 'old', releases: 1, channels: {}, sizeBytes: 0 },
    ];
    expect(renderLines(lines, layout).split('\n')).toEqual([
      'line             newest         created     releases  size     channels',
      'cosmic-systemvm  26.11.21-2.58  2026-11-21  12        3.1 GiB  candidate,',
      '                                                               stable 26.11.20-1.56,',
      '                                                               tested 26.11.20-1.56',
      'old              -              -           1         -        -',
    ]);
  });
});

describe('the releases of a line', () => {
  test('are shown newest first, without those that are gone, which are counted', () => {
    expect(renderReleaseList(LIST, { all: false, limit: 20 }, layout).split('\n')).toEqual([
      'release        created           state    tests   size     used by',
      '26.11.21-2.58  2026-11-21 07:31  active   passed  138 MiB  candidate,',
      '                                                           gm-product.1, stable,',
      '                                                           tested',
      '26.11.21-1.57  2026-11-21 07:31  active   passed  138 MiB  pin until 2027-01-31',
      '26.11.20-1.56  2026-11-21 07:31  revoked  passed  138 MiB  -',
      '',
      '1 withdrawn; --all shows it',
    ]);
  });

  test('are cut at the limit, and it says how many more there are', () => {
    const text = renderReleaseList(LIST, { all: true, limit: 3 }, layout);
    expect(text.split('\n').at(-1)).toBe('1 more; --limit 4 shows them');
  });

  test.each([
    { floating: 'stable', releases: LIST.releases.slice(0, 1), says: 'stable → 26.11.21-2.58' },
    { floating: '26.11.x', releases: LIST.releases, says: '26.11.x → 4 releases' },
  ])('$floating says what it meant', ({ floating, releases, says }) => {
    const text = renderReleaseList({ line: 'server', releases, floating }, { all: false, limit: 9 }, layout);
    expect(text.split('\n')[0]).toBe(says);
  });
});
