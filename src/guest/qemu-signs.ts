import type { ConsoleSign } from './console-sign.ts';

/** What QEMU 7.2 writes on standard error when it cannot start or has to end. */
export const QEMU_SIGNS: readonly ConsoleSign[] = [
  {
    name: 'qemu-disk-in-use',
    gravity: 'fatal',
    sources: ['qemu'],
    pattern: /: Failed to get "(?:write|shared "write"|consistent read)" lock$/,
    code: 'E_QEMU_DISK_IN_USE',
    reason: 'a disk of the virtual machine is in use by another process',
  },
  {
    name: 'qemu-no-memory',
    gravity: 'fatal',
    sources: ['qemu'],
    pattern: /: cannot set up guest memory '[^']{1,64}': Cannot allocate memory$/,
    code: 'E_QEMU_NO_MEMORY',
    reason: 'the host has not enough memory for the virtual machine',
  },
  {
    name: 'qemu-no-disk',
    gravity: 'fatal',
    sources: ['qemu'],
    pattern: /: Could not open '([^']+)': (.+)$/,
    code: 'E_QEMU_NO_DISK',
    reason: 'QEMU could not open $1: $2',
  },
  {
    name: 'qemu-killed',
    gravity: 'suspect',
    sources: ['qemu'],
    pattern: /: terminating on signal (\d+)(?: from pid (\d+) \((.+)\))?$/,
    code: 'E_QEMU_KILLED',
    reason: 'QEMU was ended from outside, by signal $1',
  },
];
