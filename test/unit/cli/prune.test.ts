import { describe, expect, test } from '@jest/globals';
import { describeSweep } from '../../../src/cli/commands/prune.ts';

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
