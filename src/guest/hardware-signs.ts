import { type ConsoleSign, kernelLine } from './console-sign.ts';

/** What a machine breaks by: memory, disks, processors, programs that crash. Wordings of Linux 6.1 and 6.12. */
export const HARDWARE_SIGNS: readonly ConsoleSign[] = [
  {
    // The kernel gives the same error for too many inotify watches, which is harmless and has nothing to do with disks.
    name: 'no-space',
    gravity: 'suspect',
    sources: ['serial', 'provisioner', 'qemu'],
    pattern: /^(?!.*inotify).*\bNo space left on device/,
    code: 'E_GUEST_NO_SPACE',
    reason: 'no space was left on the disk',
  },
  {
    name: 'out-of-memory',
    gravity: 'suspect',
    sources: ['serial'],
    pattern: kernelLine(String.raw`Out of memory: Killed process \d+ \(([^)]{1,64})\)`),
    code: 'E_GUEST_NO_MEMORY',
    reason: 'the guest ran out of memory, and its kernel killed $1',
  },
  {
    // Drives that have no medium (floppy, CD) give errors in every healthy start.
    name: 'disk-error',
    gravity: 'suspect',
    sources: ['serial'],
    pattern: kernelLine(String.raw`I/O error, dev (?!fd|sr|loop)(\w+), sector (\d+)`),
    code: 'E_GUEST_DISK_ERROR',
    reason: 'the disk $1 failed at sector $2',
  },
  {
    name: 'filesystem-error',
    gravity: 'suspect',
    sources: ['serial'],
    pattern: kernelLine(String.raw`EXT4-fs error \(device (\S+?)\)(?: in|:) (\S+?):?(?: |$)`),
    code: 'E_GUEST_FILESYSTEM',
    reason: 'the kernel found an error in the filesystem on $1 ($2)',
  },
  {
    name: 'filesystem-read-only',
    gravity: 'suspect',
    sources: ['serial'],
    pattern: kernelLine(String.raw`EXT4-fs \((\S+?)\): Remounting filesystem read-only`),
    code: 'E_GUEST_FILESYSTEM',
    reason: 'the filesystem on $1 became read-only',
  },
  {
    // The first units that write to the root; they are left out where it is mounted read-only on purpose.
    name: 'root-not-writable',
    gravity: 'suspect',
    sources: ['serial'],
    pattern:
      /\[FAILED\] Failed to start .*(?:Save Transient machine-id to Disk|Load\/Save OS Random Seed)\.$/,
    code: 'E_GUEST_FILESYSTEM',
    reason: 'nothing could be written to the root filesystem: it is full, or became read-only',
  },
  {
    name: 'write-to-read-only',
    gravity: 'suspect',
    sources: ['provisioner'],
    pattern: /: Read-only file system$/,
    code: 'E_GUEST_FILESYSTEM',
    reason: 'a filesystem could only be read',
  },
  {
    name: 'soft-lockup',
    gravity: 'suspect',
    sources: ['serial'],
    pattern: kernelLine(String.raw`watchdog: BUG: soft lockup - CPU#(\d{1,4}) stuck for (\d{1,6})s!`),
    code: 'E_GUEST_HUNG',
    reason: 'processor $1 of the guest hung for $2 s',
  },
  {
    name: 'segfault',
    gravity: 'suspect',
    sources: ['serial'],
    pattern: kernelLine(String.raw`(\S{1,64})\[\d{1,10}\]: segfault at `),
    code: 'E_GUEST_CRASH',
    reason: 'the program $1 crashed in the guest',
  },
];
