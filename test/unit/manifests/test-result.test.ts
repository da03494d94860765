import { describe, expect, test } from '@jest/globals';
import type { CheckOutcome } from '../../../src/manifests/test-report.ts';
import {
  checkTestResult,
  parseTestResult,
  renderTestResult,
  testResultOf,
} from '../../../src/manifests/test-result.ts';
import { digestOfValue } from '../../../src/values/digest.ts';
import { SAMPLE_HYGIENE, SAMPLE_REPORT } from '../reports/sample-report.ts';

const result = testResultOf(SAMPLE_REPORT);

test('a report becomes a statement on its files', () => {
  const host = { accelerator: 'tcg', qemu: '7.2.22' };
  const boot = {
    ...host,
    file: 'server_26.11.21-1.57_x86_64-kvm.qcow2',
    target: 'kvm',
    format: 'qcow2',
    contract: 'cloud-init',
    channel: 'seed-disk',
    channelKind: 'real',
  };
  expect(result).toEqual({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: boot.file, digest: { sha256: 'a'.repeat(64) } }],
    predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
    predicate: {
      result: 'FAILED',
      configuration: [
        { name: 'hygiene', digest: { sha256: digestOfValue(host) }, annotations: host },
        { name: 'kvm qcow2', digest: { sha256: digestOfValue(boot) }, annotations: boot },
      ],
      passedTests: ['hygiene/host-keys', 'kvm qcow2/boot'],
      warnedTests: [],
      failedTests: ['kvm qcow2/release-line'],
    },
  });
});

test('it is read back as it was written, with an address as well', () => {
  expect(parseTestResult(renderTestResult(result))).toEqual(result);
  expect(
    checkTestResult({ ...result, predicate: { ...result.predicate, url: 'https://ci.example/1' } }),
  ).toEqual([]);
});

test('a file of any name can be tested', () => {
  const files = [{ file: 'my disk (2).img', sha256: 'b'.repeat(64) }];
  expect(checkTestResult(testResultOf({ ...SAMPLE_REPORT, files }))).toEqual([]);
});

test.each<{ outcomes: CheckOutcome[]; said: string; because: string }>([
  { outcomes: ['passed', 'skipped'], said: 'PASSED', because: 'what was skipped is no failure' },
  { outcomes: ['passed', 'failed'], said: 'FAILED', because: 'one failure is enough' },
  { outcomes: ['skipped'], said: 'WARNED', because: 'nothing failed, and nothing was seen to pass' },
  { outcomes: [], said: 'WARNED', because: 'there was no test' },
])('$outcomes is $said: $because', ({ outcomes, said }) => {
  const checks = outcomes.map((outcome) => ({ name: outcome, title: outcome, outcome }));
  const stated = testResultOf({ ...SAMPLE_REPORT, suites: [{ ...SAMPLE_HYGIENE, checks }] });
  expect(stated.predicate.result).toBe(said);
  expect([...stated.predicate.passedTests, ...stated.predicate.failedTests]).not.toContain('hygiene/skipped');
  expect(checkTestResult(stated)).toEqual([]);
});

describe('a test result is refused', () => {
  const { predicate } = result;
  const [hygiene, boot] = predicate.configuration;
  const rows: readonly { change: object; paths: string[]; because: string }[] = [
    {
      change: { _type: 'https://in-toto.io/Statement/v0.1' },
      paths: ['._type'],
      because: 'it is another kind',
    },
    { change: { subject: [] }, paths: ['.subject'], because: 'it is about nothing' },
    {
      change: { subject: [{ name: '../x', digest: { sha256: 'A' } }] },
      paths: ['.subject[0].name', '.subject[0].digest.sha256'],
      because: 'all faults are told',
    },
    { change: { signature: 'x' }, paths: ['.signature'], because: 'a signature goes around it' },
    {
      change: { predicate: { ...predicate, result: 'PASSED' } },
      paths: ['.predicate.result'],
      because: 'a test failed',
    },
    {
      change: { predicate: { ...predicate, passedTests: predicate.failedTests } },
      paths: ['.predicate.failedTests'],
      because: 'a test cannot pass and fail',
    },
    {
      change: {
        predicate: {
          ...predicate,
          configuration: [hygiene, { ...boot, annotations: { accelerator: 'kvm' } }],
        },
      },
      paths: ['.predicate.configuration[1].digest.sha256'],
      because: 'the digest is of other annotations',
    },
  ];
  test.each(rows)('$paths: $because', ({ change, paths }) => {
    expect(checkTestResult({ ...result, ...change }).map(({ path }) => path)).toEqual(paths);
  });

  test('as a failure that names the file', () => {
    const damaged = expect.objectContaining({ kind: 'conflict', code: 'E_TEST_RESULT_INVALID' });
    expect(() => parseTestResult('{}', 'a/test-result.json')).toThrow(damaged);
    expect(() => parseTestResult('{', 'a/test-result.json')).toThrow(damaged);
  });
});
