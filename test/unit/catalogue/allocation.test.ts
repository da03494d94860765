import { describe, expect, test } from '@jest/globals';
import {
  changeAllocation,
  isLive,
  parseAllocation,
  renderAllocation,
  type Allocation,
  type AllocationState,
} from '../../../src/catalogue/allocation.ts';

const NOW = new Date('2026-11-21T07:31:00Z');
const STATES: readonly AllocationState[] = ['reserved', 'building', 'failed', 'unchanged', 'released'];

const allocation: Allocation = {
  schema: 1,
  line: 'server',
  build: 57,
  version: '26.11.21-2.57',
  recipeDigest: 'a'.repeat(64),
  state: 'reserved',
  reservedAt: '2026-11-21T07:00:00.000Z',
  at: '2026-11-21T07:00:00.000Z',
  owner: { pid: 42, startTicks: 4242, bootId: 'boot', host: 'builder', pidNamespace: 'pid:[1]' },
};

test('an allocation is read back as it was written', () => {
  expect(parseAllocation(renderAllocation(allocation), 'allocation')).toEqual(allocation);
});

describe('steps', () => {
  const allowed: Readonly<Record<AllocationState, string>> = {
    reserved: 'building failed unchanged released',
    building: 'building failed unchanged released',
    failed: 'building failed',
    unchanged: '',
    released: 'released',
  };
  test.each(STATES)('from %s', (state) => {
    const possible = STATES.filter((next) => {
      try {
        return changeAllocation({ ...allocation, state }, { state: next, at: NOW }).state === next;
      } catch (error) {
        expect(error).toMatchObject({ kind: 'conflict', code: 'E_ALLOCATION_STATE' });
        return false;
      }
    });
    expect(possible.join(' ')).toBe(allowed[state]);
  });

  test('forget the reason of the step before', () => {
    const failed = changeAllocation(allocation, { state: 'failed', at: NOW, reason: 'mirror down' });
    expect(failed).toMatchObject({
      reason: 'mirror down',
      at: NOW.toISOString(),
      reservedAt: allocation.reservedAt,
    });
    expect(changeAllocation(failed, { state: 'building', at: NOW })).not.toHaveProperty('reason');
  });
});

test('burnt numbers decide nothing', () => {
  expect(STATES.filter(isLive)).toEqual(['reserved', 'building', 'released']);
});

describe('a damaged allocation is refused', () => {
  const rows: readonly { change: object; path: string; because: string }[] = [
    { change: { version: '26.11.21-2.58' }, path: '.version', because: 'it belongs to another BUILD' },
    { change: { version: '26.13.21-2.57' }, path: '.version', because: 'there are twelve months' },
    { change: { state: 'lost' }, path: '.state', because: 'there is no such state' },
    { change: { owner: { pid: 1 } }, path: '.owner', because: 'an owner is more than its process id' },
  ];
  test.each(rows)('$because', ({ change, path }) => {
    expect(() => parseAllocation(JSON.stringify({ ...allocation, ...change }), 'allocation')).toThrow(
      expect.objectContaining({
        code: 'E_ALLOCATION_INVALID',
        details: expect.arrayContaining([expect.stringContaining(path)]),
      }),
    );
  });
});
