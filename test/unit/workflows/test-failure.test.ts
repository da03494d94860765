import { describe, expect, test } from '@jest/globals';
import type { CheckResult, TestReport } from '../../../src/manifests/test-report.ts';
import { summarizeReport } from '../../../src/workflows/summarize-report.ts';
import { testFailureOf } from '../../../src/workflows/test-failure.ts';
import { SAMPLE_BOOT, SAMPLE_HYGIENE, SAMPLE_REPORT } from '../reports/sample-report.ts';

const reportOf = (checks: readonly CheckResult[]): TestReport => ({
  ...SAMPLE_REPORT,
  suites: [{ ...SAMPLE_BOOT, checks }],
});
const failing = (name: string, more: Partial<CheckResult> = {}): CheckResult => ({
  name,
  title: `the title of ${name}`,
  outcome: 'failed',
  ...more,
});

describe('the failure that a report stands for', () => {
  test.each([
    { report: reportOf([]), because: 'nothing was asked' },
    { report: { ...SAMPLE_REPORT, suites: [SAMPLE_HYGIENE] }, because: 'all passed' },
    { report: reportOf([failing('x', { outcome: 'skipped' })]), because: 'what is skipped did not fail' },
  ])('none: $because', ({ report }) => {
    expect(testFailureOf(report, '/r')).toBeUndefined();
  });

  test.each([
    {
      checks: [failing('kernel', { expected: '6.1', found: '6.12' })],
      says: 'kvm qcow2: expected 6.1, found 6.12',
      because: 'one line says what was promised and what was there',
    },
    {
      checks: [failing('a', { expected: '1', found: '2' }), failing('b'), failing('c')],
      says: 'kvm qcow2: expected 1, found 2 (and 2 more)',
      because: 'the first is told, the others are counted',
    },
    {
      checks: [failing('ready', { expected: 'ready', found: 'nobody answered by SSH' })],
      says: 'kvm qcow2: it does not get ready: nobody answered by SSH',
      because: 'that is no comparison',
    },
    {
      checks: [failing('x')],
      says: 'kvm qcow2: expected otherwise, found nothing',
      because: 'facts may be missing',
    },
  ])('"$says": $because', ({ checks, says }) => {
    const failure = testFailureOf(reportOf(checks), '/reports');
    expect(failure).toMatchObject({
      kind: 'image-test',
      code: 'E_IMAGE_TEST_FAILED',
      message: `${SAMPLE_REPORT.subject} failed its tests: ${says}`,
    });
    expect(failure?.facts.at(-1)).toEqual({ label: 'evidence', lines: ['/reports'] });
    expect(failure?.evidence).toMatchObject({ directory: '/reports', failed: checks });
  });

  test('many are listed in part, and all are in the evidence', () => {
    const checks = Array.from({ length: 40 }, (_, index) =>
      failing(`c${index}`, { details: Array.from({ length: 30 }, String) }),
    );
    const failure = testFailureOf(reportOf(checks), '/r');
    expect(failure?.facts).toHaveLength(13);
    expect(failure?.facts[0]?.lines).toHaveLength(9);
    expect(failure?.evidence['failed']).toHaveLength(40);
  });
});

describe('a test in one line', () => {
  const passed: CheckResult = { name: 'x', title: 'x', outcome: 'passed' };
  test.each([
    {
      suites: [SAMPLE_HYGIENE, { ...SAMPLE_BOOT, checks: [passed, passed] }],
      line: 'kvm qcow2 ready in 31 s: 3 checks',
      because: 'a suite without a boot is counted only',
    },
    {
      suites: [SAMPLE_HYGIENE, SAMPLE_BOOT],
      line: 'kvm qcow2 ready in 31 s: 1 of 4 checks failed',
      because: 'one failed',
    },
    {
      suites: [{ ...SAMPLE_BOOT, boot: {}, checks: [failing('ready')] }],
      line: 'kvm qcow2 not ready: 1 of 1 check failed',
      because: 'it never came up',
    },
    { suites: [SAMPLE_HYGIENE], line: '1 check', because: 'nothing was booted' },
  ])('"$line": $because', ({ suites, line }) => {
    expect(summarizeReport({ ...SAMPLE_REPORT, suites })).toBe(line);
  });
});
