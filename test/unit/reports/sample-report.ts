import type { SuiteResult, TestReport } from '../../../src/manifests/test-report.ts';

/** A suite of an artifact that booted and kept every promise but one. */
export const SAMPLE_BOOT: SuiteResult = {
  name: 'kvm qcow2',
  file: 'server_26.11.21-1.57_x86_64-kvm.qcow2',
  target: 'kvm',
  format: 'qcow2',
  contract: 'cloud-init',
  channel: { name: 'seed-disk', kind: 'real' },
  boot: { kernelMs: 3200, userspaceMs: 12_400, readyMs: 31_000, loginMs: 33_500 },
  checks: [
    { name: 'boot', title: 'it reaches its ready marker', outcome: 'passed', durationMs: 31_000 },
    {
      name: 'release-line',
      title: 'the release line is the recorded one',
      outcome: 'failed',
      expected: 'Release 26.11.21',
      found: 'Release 26.11.20',
      details: ['/etc/mintmark-release', '<built & stamped>'],
      durationMs: 12,
    },
    { name: 'dns', title: 'names are resolved', outcome: 'skipped', found: 'the profile names no server' },
  ],
  evidence: ['serial.log', 'screen.png'],
  durationMs: 41_250,
};

/** A suite without a boot that passed. */
export const SAMPLE_HYGIENE: SuiteResult = {
  name: 'hygiene',
  checks: [{ name: 'host-keys', title: 'no host key is left', outcome: 'passed' }],
  evidence: [],
  durationMs: 2100,
};

/** A report with a failure, a skipped check, and suites with and without a boot. */
export const SAMPLE_REPORT: TestReport = {
  subject: 'server_26.11.21-1.57_x86_64',
  startedAt: '2026-11-21T07:31:00.123Z',
  durationMs: 43_350,
  files: [{ file: 'server_26.11.21-1.57_x86_64-kvm.qcow2', sha256: 'a'.repeat(64) }],
  host: { accelerator: 'tcg', qemu: '7.2.22' },
  suites: [SAMPLE_HYGIENE, SAMPLE_BOOT],
};
