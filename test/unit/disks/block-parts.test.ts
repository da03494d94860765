import { expect, test } from '@jest/globals';
import type { ByteRange } from '../../../src/disks/allocation-map.ts';
import { blockParts, type BlockParts } from '../../../src/disks/block-parts.ts';

const range = (offset: number, length: number): ByteRange => ({ offset, length });

test.each<[string, ByteRange[], BlockParts[]]>([
  ['nothing for a disk without data', [], []],
  ['one part inside a block', [range(23, 4)], [{ block: 2, parts: [range(3, 4)] }]],
  [
    'whole blocks',
    [range(10, 20)],
    [
      { block: 1, parts: [range(0, 10)] },
      { block: 2, parts: [range(0, 10)] },
    ],
  ],
  [
    'several parts of one block together, and what crosses a boundary cut',
    [range(1, 2), range(5, 1), range(8, 5), range(17, 2)],
    [
      { block: 0, parts: [range(1, 2), range(5, 1), range(8, 2)] },
      { block: 1, parts: [range(0, 3), range(7, 2)] },
    ],
  ],
  [
    'blocks far apart',
    [range(0, 1), range(9e15, 1)],
    [
      { block: 0, parts: [range(0, 1)] },
      { block: 9e14, parts: [range(0, 1)] },
    ],
  ],
])('blockParts gives %s', (_title, ranges, expected) => {
  expect(Array.from(blockParts(ranges, 10))).toEqual(expected);
});
