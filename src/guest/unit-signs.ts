import { type ConsoleSign, kernelLine } from './console-sign.ts';

/**
 * What systemd 252 and 257 say of units on the console, and how a guest ends on its own account. A healthy machine
 * that is told to end says the last two as well: they are suspects only while something in it still runs.
 */
export const UNIT_SIGNS: readonly ConsoleSign[] = [
  {
    name: 'mount-failed',
    gravity: 'suspect',
    sources: ['serial'],
    pattern: /\[(?:FAILED|DEPEND)\] (?:Failed to mount|Dependency failed for) \S*\.mount - (\/.*?)\.$/,
    code: 'E_GUEST_MOUNT',
    reason: '$1 could not be mounted',
  },
  {
    name: 'device-timeout',
    gravity: 'suspect',
    sources: ['serial'],
    pattern: /\[ TIME \] Timed out waiting for device (\S+?)\.?(?: - .*)?$/,
    code: 'E_GUEST_MOUNT',
    reason: 'the device $1 did not appear',
  },
  {
    name: 'sshd-failed',
    gravity: 'suspect',
    sources: ['serial'],
    pattern: /\[FAILED\] Failed to start .*Secure Shell server\.$/,
    code: 'E_GUEST_SSHD',
    reason: 'the SSH server did not start',
  },
  {
    name: 'unit-failed',
    gravity: 'suspect',
    sources: ['serial'],
    pattern: /\[FAILED\] Failed to start (.+?)\.?$/,
    code: 'E_GUEST_UNIT',
    reason: 'a unit of systemd failed: $1',
  },
  {
    // Only where the journal is forwarded to the console; before the journal runs, it is a kernel message.
    name: 'unit-result',
    gravity: 'suspect',
    sources: ['serial'],
    pattern: /\] systemd\[1\]: (\S+): Failed with result '([\w-]+)'\.$/,
    code: 'E_GUEST_UNIT',
    reason: 'the unit $1 failed ($2)',
  },
  {
    name: 'powered-off',
    gravity: 'suspect',
    sources: ['serial'],
    pattern: kernelLine('reboot: Power down'),
    code: 'E_GUEST_POWERED_OFF',
    reason: 'the guest powered itself off',
  },
  {
    name: 'restarted',
    gravity: 'suspect',
    sources: ['serial'],
    pattern: kernelLine('reboot: Restarting system'),
    code: 'E_GUEST_RESTARTED',
    reason: 'the guest restarted itself',
  },
];
