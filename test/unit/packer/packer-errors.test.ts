import { describe, expect, test } from '@jest/globals';
import { isAborting, PACKER_COMPLAINTS, readPackerError } from '../../../src/packer/packer-errors.ts';

const SAMPLES = [
  {
    text: 'Script exited with non-zero exit status: 7.Allowed exit codes are: [0]',
    code: 'E_PROVISIONER_FAILED',
    message: 'step 1 ended with exit code 7',
    because: 'Packer 1.6.6 and plugin SDK 0.6',
  },
  {
    text: 'Script disconnected unexpectedly. If you expected your script to disconnect, i.e. from a restart, you can try adding `"expect_disconnect": true` or `"valid_exit_codes": [0, 2300218]` to the shell provisioner parameters.',
    code: 'E_PROVISIONER_LOST',
    message: 'step 1 lost its connection to the guest',
    because: 'a guest that loses its network',
  },
  {
    text: 'context canceled',
    code: 'E_PROVISIONER_TIMEOUT',
    message: 'step 1 did not end in its time',
    because: 'Packer 1.6.6 ended a provisioner that slept',
  },
  {
    text: 'Timeout waiting for SSH.',
    code: 'E_GUEST_NO_SSH',
    message: 'the guest never brought up SSH',
    because: 'a guest without sshd',
  },
  {
    text: 'Timeout while waiting for machine to shut down.',
    code: 'E_GUEST_NO_SHUTDOWN',
    message: 'the guest did not power off when it was asked to',
    because: 'the QEMU builder of 1.6.6 and plugin 1.1.4 hold this very sentence',
  },
];

describe('errors of Packer', () => {
  test.each(SAMPLES)('$code, as $because', ({ text, code, message }) => {
    expect(readPackerError(text, 'step 1')).toEqual({ code, message });
  });

  test('a step may be called as it likes', () => {
    expect(readPackerError(SAMPLES[0]?.text ?? '', '$1 $step')?.message).toBe(
      '$1 $step ended with exit code 7',
    );
  });

  test('others are not known', () => {
    expect(readPackerError('Build was halted.', 'x')).toBeUndefined();
  });

  test.each(PACKER_COMPLAINTS.map(({ pattern }) => pattern))('%s has a sample', (pattern) => {
    expect(SAMPLES.filter(({ text }) => pattern.test(text))).not.toEqual([]);
  });
});

test('Packer says when it gives up', () => {
  expect(isAborting('Step "StepProvision" failed, aborting...')).toBe(true);
  expect(isAborting('echo Step "StepProvision" failed, aborting...')).toBe(false);
});
