import { type ConsoleSign, kernelLine } from './console-sign.ts';
import { FAILED_MARKER } from './finish-machine.ts';

/**
 * Sentences after which a machine does not come back; the first match of a line counts, so special rows stand before
 * general ones. Wordings of SeaBIOS 1.16, GRUB 2.06 and 2.12, Linux 6.1 and 6.12, initramfs-tools and systemd of
 * Debian 12 and 13; a recorded console for each row is in `test/fixtures/consoles`.
 */
export const FATAL_SIGNS: readonly ConsoleSign[] = [
  {
    name: 'microvm-failed',
    gravity: 'fatal',
    sources: ['serial'],
    pattern: new RegExp(`^${FAILED_MARKER} (.+)$`),
    code: 'E_GUEST_MICROVM',
    reason: 'the microvm gave up: $1',
  },
  {
    name: 'no-bootable-device',
    gravity: 'fatal',
    sources: ['firmware'],
    pattern: /^No bootable device\./,
    code: 'E_GUEST_NO_BOOT_DEVICE',
    reason: 'the firmware found nothing to boot',
    causes: ['disk-not-bootable'],
  },
  {
    name: 'grub-rescue',
    gravity: 'fatal',
    sources: ['serial'],
    pattern: /^grub rescue>/,
    code: 'E_GUEST_BOOTLOADER',
    reason: 'GRUB found too little of itself to go on, and waits at its rescue prompt',
    causes: ['grub-file', 'grub-device'],
  },
  {
    name: 'grub-no-kernel',
    gravity: 'fatal',
    sources: ['serial'],
    pattern: /^error: you need to load the kernel first\./,
    code: 'E_GUEST_NO_KERNEL',
    reason: 'GRUB has no kernel to start',
    causes: ['grub-file', 'grub-device'],
  },
  {
    name: 'panic-no-root',
    gravity: 'fatal',
    sources: ['serial'],
    pattern: kernelLine(String.raw`Kernel panic - not syncing: VFS: Unable to mount root fs on (\S+)`),
    code: 'E_GUEST_NO_ROOT',
    reason: 'the kernel could not mount the root filesystem: it has no driver or no disk for $1',
  },
  {
    name: 'panic-no-init',
    gravity: 'fatal',
    sources: ['serial'],
    pattern: kernelLine(String.raw`Kernel panic - not syncing: No working init found`),
    code: 'E_GUEST_NO_INIT',
    reason: 'the kernel found no program to start as init',
  },
  {
    name: 'panic-init-ended',
    gravity: 'fatal',
    sources: ['serial'],
    pattern: kernelLine(
      String.raw`Kernel panic - not syncing: Attempted to kill init! exitcode=(0x[0-9a-f]{1,8})`,
    ),
    code: 'E_GUEST_PANIC',
    reason: 'the guest’s first process ended, and the kernel panicked (wait status $1)',
  },
  {
    name: 'panic-lockup',
    gravity: 'fatal',
    sources: ['serial'],
    pattern: kernelLine('Kernel panic - not syncing: softlockup: hung tasks'),
    code: 'E_GUEST_HUNG',
    reason: 'the kernel hung for so long that it gave up',
    causes: ['soft-lockup'],
  },
  {
    name: 'panic',
    gravity: 'fatal',
    sources: ['serial'],
    pattern: kernelLine('Kernel panic - not syncing: (.+)$'),
    code: 'E_GUEST_PANIC',
    reason: 'the kernel panicked: $1',
  },
  {
    // Written by fsck for any filesystem; "fsck exited" or a failed unit and then a shell follow.
    name: 'fsck-manual',
    gravity: 'fatal',
    sources: ['serial'],
    pattern: /(\S+): UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY\./,
    code: 'E_GUEST_FSCK',
    reason: 'the filesystem $1 is damaged more than fsck mends on its own',
  },
  {
    name: 'initramfs-no-root',
    gravity: 'fatal',
    sources: ['serial'],
    pattern: /^ALERT! {1,2}(\S+) does not exist\. {1,2}Dropping to a shell!/,
    code: 'E_GUEST_NO_ROOT',
    reason: 'its root filesystem was not found: the initramfs waited for $1, then dropped to a shell',
  },
  {
    name: 'initramfs-no-init',
    gravity: 'fatal',
    sources: ['serial'],
    pattern: /^No init found\. Try passing init= bootarg\./,
    code: 'E_GUEST_NO_INIT',
    reason: 'the root filesystem has no program to start as init',
  },
  {
    // A prompt: no line feed follows it, and kernel messages may stand behind it.
    name: 'initramfs-shell',
    gravity: 'fatal',
    sources: ['serial'],
    pattern: /^\(initramfs\)(?: |$)/,
    code: 'E_GUEST_INITRAMFS',
    reason: 'the initramfs could not go on, and waits at its shell',
  },
  {
    name: 'emergency-mode',
    gravity: 'fatal',
    sources: ['serial'],
    pattern: /^You are in emergency mode\./,
    code: 'E_GUEST_EMERGENCY',
    reason: 'systemd could not reach its target and went into emergency mode',
    causes: ['mount-failed', 'device-timeout', 'unit-failed'],
  },
  {
    // The unit that the microvm adds, see `provisioners/microvm/init.sh`; nobody starts it again.
    name: 'build-sshd-failed',
    gravity: 'fatal',
    sources: ['serial'],
    pattern: /\[FAILED\] Failed to start .*SSH server for the build\.$/,
    code: 'E_GUEST_SSHD',
    reason: 'the SSH server of the build did not start',
    causes: ['no-space', 'filesystem-read-only'],
  },
];
