import type { ConsoleSign } from './console-sign.ts';

/**
 * What SeaBIOS 1.16 and GRUB 2.06 and 2.12 miss. They may go on without it, so these count only beside a fatal sign or
 * where there is nothing else.
 */
export const BOOT_SIGNS: readonly ConsoleSign[] = [
  {
    name: 'disk-not-bootable',
    gravity: 'suspect',
    sources: ['firmware'],
    pattern: /^Boot failed: not a bootable disk/,
    code: 'E_GUEST_NO_BOOT_DEVICE',
    reason: 'a disk has no boot sector',
  },
  {
    name: 'grub-file',
    gravity: 'suspect',
    sources: ['serial'],
    pattern: /^error: file `(\S{1,256}?)' not found\./,
    code: 'E_GUEST_BOOTLOADER',
    reason: 'GRUB did not find $1',
  },
  {
    name: 'grub-device',
    gravity: 'suspect',
    sources: ['serial'],
    pattern: /^error: (?:no such device: |disk `)(\S{1,256}?)(?:' not found)?\./,
    code: 'E_GUEST_BOOTLOADER',
    reason: 'GRUB did not find the disk $1',
  },
];
