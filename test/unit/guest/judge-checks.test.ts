import { describe, expect, test } from '@jest/globals';
import type { TimedAnswer } from '../../../src/guest/check-script.ts';
import { failed, passed, type Finding, type GuestCheck } from '../../../src/guest/guest-check.ts';
import { judgeChecks } from '../../../src/guest/judge-checks.ts';

const check = (finding: Finding, more: Partial<GuestCheck> = {}): GuestCheck => ({
  name: 'n',
  title: 't',
  script: '',
  isIdentity: false,
  judge: () => finding,
  ...more,
});
const answers = (more: Partial<TimedAnswer> = {}): Map<string, TimedAnswer> =>
  new Map([['n', { text: '', exitCode: 0, durationMs: 7, ...more }]]);

describe('judgeChecks', () => {
  test.each<[because: string, check: GuestCheck, answers: Map<string, TimedAnswer>, expected: object]>([
    [
      'a finding, with its time',
      check(passed('well')),
      answers(),
      { outcome: 'passed', found: 'well', durationMs: 7 },
    ],
    [
      'no answer: the guest died or the script was cut',
      check(passed('well')),
      new Map(),
      { outcome: 'failed', expected: 'an answer of the guest', found: 'no answer' },
    ],
    [
      'its time was over',
      check(passed('well'), { timeoutSeconds: 2 }),
      answers({ exitCode: 124, durationMs: 2010 }),
      { outcome: 'failed', expected: 'an answer within 2 s', found: 'none after 2 s', durationMs: 2010 },
    ],
    [
      'the same exit code by itself',
      check(passed('well'), { timeoutSeconds: 2 }),
      answers({ exitCode: 124, durationMs: 1000 }),
      { outcome: 'passed', found: 'well', durationMs: 1000 },
    ],
    [
      'control characters of a guest reach nobody',
      check(failed('a', '\u001b[31mred\u001b[0m\u0007 and\nmore', ['\u001b]0;x\u0007line\r'])),
      answers(),
      { outcome: 'failed', expected: 'a', found: 'red and ⏎ more', details: ['line ⏎'], durationMs: 7 },
    ],
  ])('%s', (_because, asked, given, expected) => {
    expect(judgeChecks([asked], given)).toEqual([{ name: 'n', title: 't', ...expected }]);
  });

  test('no guest can make a report long', () => {
    const lines = Array.from({ length: 80 }, () => 'x'.repeat(9000));
    const [result] = judgeChecks([check(failed('a', 'y'.repeat(9000), lines))], answers());
    expect(result?.found).toHaveLength(400);
    expect(result?.details).toHaveLength(51);
    expect(result?.details?.at(-1)).toBe('… and 30 more');
    expect(result?.details?.[0]).toHaveLength(400);
  });
});
