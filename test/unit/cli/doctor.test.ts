import { describe, expect, test } from '@jest/globals';
import { describeReport } from '../../../src/cli/commands/doctor.ts';
import { PLAIN_STYLE } from '../../../src/cli/text-style.ts';
import type { DoctorFinding } from '../../../src/workflows/doctor-finding.ts';

const layout = { width: 80, style: PLAIN_STYLE };
const fine: DoctorFinding = { name: 'packer', status: 'ok', text: '1.6.6 (MPL)' };
const slow: DoctorFinding = {
  name: '/dev/kvm',
  status: 'warn',
  text: 'too slow: using TCG',
  remedy: 'bare metal',
};
const bad: DoctorFinding = {
  name: 'mirror',
  status: 'fail',
  text: 'does not answer',
  remedy: '--mirror URL',
};

describe('the report of the doctor', () => {
  test('a finding is a line, a remedy stands below its finding', () => {
    expect(describeReport({ healthy: true, findings: [fine, slow] }, layout).result?.split('\n')).toEqual([
      '✔  packer    1.6.6 (MPL)',
      '!  /dev/kvm  too slow: using TCG',
      '             remedy: bare metal',
    ]);
  });

  test.each([
    { findings: [fine, slow], healthy: true, because: 'a warning stops nothing' },
    { findings: [fine, bad], healthy: false, because: 'a build could not work' },
  ])('healthy: $healthy, $because', ({ findings, healthy }) => {
    const outcome = describeReport({ healthy, findings }, layout);
    expect(outcome.document).toEqual({ healthy, findings });
    expect(outcome.failure?.kind).toBe(healthy ? undefined : 'host');
    expect(outcome.failure?.evidence).toEqual(healthy ? undefined : { failed: ['mirror'] });
  });
});
