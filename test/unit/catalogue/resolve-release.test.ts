import { describe, expect, test } from '@jest/globals';
import { resolveRelease } from '../../../src/catalogue/resolve-release.ts';
import { filed, promoted, STAMP, stateOf } from './sample-journal.ts';

const { index } = stateOf(
  filed('26.10.1-1.54', { tests: 'passed' }),
  filed('26.11.20-1.55', { tests: 'passed' }),
  promoted('stable', '26.11.20-1.55'),
  filed('26.11.20-2.56', { tests: 'passed' }),
  filed('26.11.21-1.57', { tests: 'skipped' }),
  filed('26.11.21-1.58', { tests: 'passed' }),
  { ...STAMP, action: 'revoke', long: '26.11.21-1.58', reason: 'CVE' },
);

describe('a release is found by', () => {
  const rows: readonly { text: string; long: string; floats: boolean; because: string }[] = [
    { text: '26.11.20-1.55', long: '26.11.20-1.55', floats: false, because: 'it is a full version' },
    { text: '20261120_0001.000055', long: '26.11.20-1.55', floats: false, because: 'SERIAL says the same' },
    {
      text: '26.11.21-1.58',
      long: '26.11.21-1.58',
      floats: false,
      because: 'people look at revoked ones, too',
    },
    { text: 'latest', long: '26.11.20-2.56', floats: true, because: 'the newest that passed its tests' },
    { text: 'stable', long: '26.11.20-1.55', floats: true, because: 'a channel has a head' },
    { text: 'candidate', long: '26.11.21-1.58', floats: true, because: 'a build moved it there' },
    { text: '26.11.20', long: '26.11.20-2.56', floats: true, because: 'the newest of that day' },
    { text: '26.11.20-1', long: '26.11.20-1.55', floats: true, because: 'the newest of that recipe' },
    { text: '26.11.x', long: '26.11.21-1.57', floats: true, because: 'a range never gives a revoked one' },
    { text: '<26.11.x', long: '26.10.1-1.54', floats: true, because: 'a bound is a whole month' },
    { text: '>=26.10.1 <26.11.21', long: '26.11.20-2.56', floats: true, because: 'both bounds hold' },
  ];
  test.each(rows)('$text: $because', ({ text, long, floats }) => {
    const { release, floating } = resolveRelease(index, text);
    expect(release.long).toBe(long);
    expect(floating).toBe(floats ? text : undefined);
  });
});

describe('what is not there is told with what is', () => {
  const rows: readonly { text: string; code: string; hint: string; because: string }[] = [
    { text: '26.12.x', code: 'E_RELEASE_UNKNOWN', hint: '26.11.21-1.57', because: 'no release is that new' },
    {
      text: '26.11.20-1.99',
      code: 'E_RELEASE_UNKNOWN',
      hint: 'stable',
      because: 'that number was never filed',
    },
    { text: 'gm-1.0', code: 'E_RELEASE_UNKNOWN', hint: 'candidate', because: 'the channel has no head' },
    { text: 'yesterday', code: 'E_RANGE_INVALID', hint: '', because: 'that is no range' },
  ];
  test.each(rows)('$text: $because', ({ text, code, hint }) => {
    expect(() => resolveRelease(index, text)).toThrow(
      expect.objectContaining({ kind: 'usage', code, hint: expect.stringContaining(hint) }),
    );
  });
});
