import { describe, expect, test } from '@jest/globals';
import { PLAIN_STYLE } from '../../../src/cli/text-style.ts';
import { renderPrune } from '../../../src/cli/render-prune.ts';
import { describeSweep } from '../../../src/cli/commands/prune.ts';

const LAYOUT = { width: 100, style: PLAIN_STYLE };

const KEPT = { long: '26.11.20-1.2', reasons: ['head of stable', 'latest', 'newer than 30 days'] };
const LINE = { line: 'server', keep: [KEPT], withdraw: [], unfinished: [], failed: [] };

describe('what prune says of releases', () => {
  test('by reason what goes, and briefly why the others stay', () => {
    const withdraw = [
      { long: '26.8.1-1.1', reason: 'retention: old' },
      { long: '26.9.1-1.3', reason: 'revoked at some time: bad' },
      { long: '26.9.2-1.4', reason: 'retention: old' },
    ];
    const text = renderPrune(
      { lines: [{ ...LINE, withdraw, failed: ['26.8.2-1.7'] }], freedBytes: 2 ** 31, carriedOut: false },
      LAYOUT,
    );
    expect(text.split('\n')).toEqual([
      'server: 3 go, 1 stays',
      '  goes   retention: old',
      '         26.8.1-1.1',
      '         26.9.2-1.4',
      '  goes   revoked at some time: bad',
      '         26.9.1-1.3',
      '  goes   the evidence of the failed build 26.8.2-1.7',
      '  stays  26.11.20-1.2  head of stable, latest, 1 more',
      '',
      '2.0 GiB would be freed; nothing was changed: --yes carries it out',
    ]);
  });

  test('a line of which everything stays is one row', () => {
    const text = renderPrune({ lines: [LINE], freedBytes: 0, carriedOut: true }, LAYOUT);
    expect(text.split('\n')).toEqual(['server: its only release stays', '', 'nothing to withdraw']);
  });
});

const NOTHING = { settled: [], emptied: [], removed: [], freedBytes: 0 };

describe('what prune says', () => {
  test('with nothing to do', () => {
    expect(describeSweep(NOTHING)).toEqual({ document: NOTHING, result: '0 B freed' });
  });

  test('of each run what became of it, and how much room there is again', () => {
    const sweep = { settled: ['/r/1'], emptied: ['/r/2'], removed: ['/r/3'], freedBytes: 5 * 1024 * 1024 };
    expect(describeSweep(sweep).result?.split('\n')).toEqual([
      'settled  /r/1: its process had been killed',
      'emptied  /r/2: its disks are gone, its logs stay',
      'removed  /r/3',
      '5.0 MiB freed',
    ]);
  });
});
