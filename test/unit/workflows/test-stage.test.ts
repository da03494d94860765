import { describe, expect, test } from '@jest/globals';
import type { SuiteResult } from '../../../src/manifests/test-report.ts';
import { checkReleaseManifest } from '../../../src/manifests/release.ts';
import { describeTests } from '../../../src/workflows/test-stage.ts';
import { sampleManifest } from '../manifests/sample-manifest.ts';
import { SAMPLE_BOOT, SAMPLE_HYGIENE, SAMPLE_REPORT } from '../reports/sample-report.ts';

const PASSED: SuiteResult = { ...SAMPLE_BOOT, checks: [] };
const SIMULATED: SuiteResult = {
  ...PASSED,
  name: 'vmware ova',
  format: 'ova',
  channel: { name: 'machine-id', kind: 'simulated' },
  boot: {},
};

describe('what release.json says of a test', () => {
  test.each<{ suites: readonly SuiteResult[]; expected: object; because: string }>([
    {
      suites: [SAMPLE_HYGIENE, PASSED],
      expected: { result: 'passed', channel: 'real', formats: ['qcow2'], bootMs: 31_000 },
      because: 'all passed, by the hypervisor’s own channel',
    },
    {
      suites: [SAMPLE_HYGIENE, PASSED, SIMULATED],
      expected: { result: 'passed', channel: 'simulated', formats: ['qcow2', 'ova'] },
      because: 'one channel was an imitation',
    },
    { suites: [SAMPLE_BOOT], expected: { result: 'failed' }, because: 'a check failed' },
    {
      suites: [SAMPLE_HYGIENE, SIMULATED],
      expected: { boots: [{ name: 'vmware ova', contract: 'cloud-init', channel: 'simulated' }] },
      because: 'a machine that was not ready has no time',
    },
  ])('$because', ({ suites, expected }) => {
    const tests = describeTests({ report: { ...SAMPLE_REPORT, suites }, directory: '/t', files: [] });
    expect(tests).toMatchObject(expected);
    expect(checkReleaseManifest(sampleManifest(undefined, { tests }))).toEqual([]);
  });
});
