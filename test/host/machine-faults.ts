import { passed, type GuestCheck } from '../../src/guest/guest-check.ts';
import type { BrokenDisk } from './broken-disk.ts';
import type { BrokenMachine } from './broken-machines.ts';

/** What grub.cfg says of the root. */
const ROOT = /root=UUID=\S+/g;

/** A bad day of a machine. */
export interface BadDay extends Partial<Omit<BrokenMachine, 'name' | 'disk'>> {
  /** Names it. */
  readonly day: string;
  readonly breakDisk: (disk: BrokenDisk) => void;
  /** What the one line says of it. */
  readonly says: RegExp;
}

/** Consoles tell these, so nobody waits for a deadline. */
export const TOLD: readonly BadDay[] = [
  {
    day: 'no bootloader',
    breakDisk: (disk) => disk.removeBootCode(),
    says: /does not get ready: the firmware found nothing to boot/,
  },
  {
    day: 'no kernel',
    breakDisk: (disk) => disk.debugfs(...names(disk, '/boot', /^vmlinuz-/).map((name) => `rm ${name}`)),
    says: /does not get ready: GRUB has no kernel to start: GRUB did not find \/boot\/vmlinuz-/,
  },
  {
    day: 'wrong root=',
    // Where a disk might still appear, an initramfs waits for half a minute.
    breakDisk: (disk) =>
      disk.replace('/boot/grub/grub.cfg', ROOT, 'root=UUID=00000000-0000-4000-8000-000000000000 rootdelay=3'),
    says: /its root filesystem was not found: the initramfs waited for UUID=00000000-0000-4000-8000-000000000000/,
  },
  {
    day: 'initramfs shell',
    breakDisk: (disk) => disk.replace('/boot/grub/grub.cfg', ROOT, '$& break=premount'),
    says: /does not get ready: the initramfs could not go on, and waits at its shell/,
  },
  {
    day: 'fsck error',
    // A file that no directory knows is nothing that fsck dares to mend unasked.
    breakDisk: (disk) => disk.debugfs('unlink /etc/debian_version', 'set_super_value state 2'),
    says: /does not get ready: the filesystem \S+ is damaged more than fsck mends on its own/,
  },
];

/** Stops all that runs but itself and init, a while after whoever waits for the marker is in and has seen it. */
const HANG =
  'until [ -e /run/cloud-init/result.json ] && pgrep -x sudo; do sleep 0.2; done; sleep 3; kill -s STOP -- -1';
/** Somebody still asks then. */
const STILL_ASKED: GuestCheck = {
  name: 'asked',
  title: 'it answers in a while',
  isIdentity: false,
  timeoutSeconds: 120,
  script: 'sleep 100',
  judge: () => passed('it did'),
};

/** These get as far as their login prompt, or farther. */
export const UNTOLD: readonly BadDay[] = [
  {
    day: 'guest hangs after the ready marker',
    breakDisk: (disk) => disk.addUnit('hang.service', unit('simple', HANG)),
    checks: [STILL_ASKED],
    patience: { answerDeadlineMs: 15_000 },
    says: /expected answers, found it was ready, and then gave no answer for 15 s/,
  },
  {
    day: 'full root disk',
    breakDisk: (disk) => {
      disk.write('/etc/cloud/cloud.cfg.d/99-size.cfg', 'growpart: {mode: "off"}\nresize_rootfs: false\n');
      disk.fill();
    },
    // The waiting for the network that follows takes two minutes.
    patience: { readyDeadlineMs: 90_000 },
    says: /nothing could be written to the root filesystem: it is full/,
  },
  {
    day: 'sshd disabled',
    breakDisk: (disk) =>
      disk.debugfs(
        'rm /etc/systemd/system/multi-user.target.wants/ssh.service',
        'rm /etc/systemd/system/sshd.service',
      ),
    says: /does not get ready: nobody answered by SSH on port 22 within \d+ s of its login prompt: .*nothing listens there/,
  },
  {
    day: 'network unit broken',
    breakDisk: (disk) => disk.debugfs('symlink /etc/systemd/system/systemd-networkd.service /dev/null'),
    says: /does not get ready: nobody answered by SSH on port 22 within \d+ s of its login prompt: the guest's network gave no answer/,
  },
  {
    day: 'channel missing',
    contract: 'cloudstack',
    // The server's image has an agent; without it, this is a channel with nobody behind it.
    breakDisk: (disk) => disk.debugfs('symlink /etc/systemd/system/qemu-guest-agent.service /dev/null'),
    says: /does not get ready: no guest agent answered on the machine's port within \d+ s of its login prompt/,
  },
];

/** A unit that runs a line of shell without single quotes. */
export function unit(type: string, command: string): string {
  return `[Service]\nType=${type}\nExecStart=/bin/sh -c '${command}'\n`;
}

function names(disk: BrokenDisk, path: string, pattern: RegExp): string[] {
  const lines = disk.debugfs(`ls -p ${path}`).split('\n');
  return lines
    .flatMap((line) => line.split('/')[5] ?? [])
    .filter((name) => pattern.test(name))
    .map((name) => `${path}/${name}`);
}
