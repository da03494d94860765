/** A sign in a recorded console: number of its line, name of its row, the reason as people are told it. */
export type RecordedSign = readonly [line: number, name: string, reason: string];

/**
 * Everything that is found in the consoles of `test/fixtures/consoles`: text of real machines under QEMU 7.2 (Debian 12
 * and 13, in files named for them), broken on purpose, and cut to what matters. The word before `.log` tells who wrote it.
 */
export const RECORDED: Readonly<Record<string, readonly RecordedSign[]>> = {
  'apt-bookworm.provisioner.log': [
    [8, 'name-not-resolved', 'the guest could not resolve the name mirror.example'],
    [10, 'name-not-resolved', 'the guest could not resolve the name mirror.example'],
    [15, 'package-unknown', 'apt in the guest knows no package curlx'],
    [
      22,
      'fetch-failed',
      'apt in the guest could not fetch http://127.0.0.1:81/debian/dists/stable/InRelease: Could not connect to 127.0.0.1:81 (127.0.0.1). - connect (111: Connection refused)',
    ],
    [42, 'package-failed', 'dpkg in the guest could not configure broken'],
    [46, 'dpkg-failed', '/usr/bin/dpkg, run by apt in the guest, ended with 1'],
    [
      61,
      'fetch-failed',
      'apt in the guest could not fetch http://127.0.0.1:81/debian/pool/zed_1_amd64.deb: Insufficient information available to perform this download securely',
    ],
    [65, 'archives-not-fetched', 'apt in the guest could not fetch every package'],
    [66, 'name-not-resolved', 'the guest could not resolve the name mirror.example'],
    [67, 'network-unreachable', 'the guest has no way into the network'],
    [69, 'no-name-resolution', 'the guest could not resolve names'],
    [71, 'name-not-resolved', 'the guest could not resolve the name mirror.example'],
    [72, 'no-name-resolution', 'the guest could not resolve names'],
    [73, 'network-unreachable', 'the guest has no way into the network'],
  ],
  'apt-trixie.provisioner.log': [
    [
      4,
      'fetch-failed',
      "apt in the guest could not fetch http://127.0.0.1:81/debian/dists/stable/InRelease: Something wicked happened resolving '127.0.0.1:81' (-9 - Address family for hostname not supported)",
    ],
    [23, 'package-failed', 'dpkg in the guest could not configure broken'],
    [27, 'dpkg-failed', '/usr/bin/dpkg, run by apt in the guest, ended with 1'],
    [
      42,
      'fetch-failed',
      'apt in the guest could not fetch http://127.0.0.1:81/debian/pool/zed_1_amd64.deb: Insufficient information available to perform this download securely',
    ],
    [46, 'archives-not-fetched', 'apt in the guest could not fetch every package'],
    [47, 'name-not-resolved', 'the guest could not resolve the name mirror.example'],
  ],
  'build-no-keygen.serial.log': [[13, 'build-sshd-failed', 'the SSH server of the build did not start']],
  'disk-bookworm.provisioner.log': [[7, 'write-to-read-only', 'a filesystem could only be read']],
  'disk-bookworm.serial.log': [
    [2, 'segfault', 'the program python3 crashed in the guest'],
    [4, 'disk-error', 'the disk vdc failed at sector 0'],
    [5, 'disk-error', 'the disk vdc failed at sector 8'],
    [8, 'filesystem-error', 'the kernel found an error in the filesystem on vdd (trigger_test_error:126)'],
    [10, 'filesystem-read-only', 'the filesystem on vdd became read-only'],
    [
      11,
      'filesystem-error',
      'the kernel found an error in the filesystem on vdd (ext4_journal_check_start:83)',
    ],
    [12, 'filesystem-read-only', 'the filesystem on vdd became read-only'],
    [13, 'filesystem-error', 'the kernel found an error in the filesystem on vdd (__ext4_new_inode:1096)'],
    [14, 'filesystem-read-only', 'the filesystem on vdd became read-only'],
  ],
  'disk-in-use.qemu.log': [
    [1, 'qemu-disk-in-use', 'a disk of the virtual machine is in use by another process'],
  ],
  'disk-trixie.serial.log': [
    [2, 'segfault', 'the program python3 crashed in the guest'],
    [4, 'disk-error', 'the disk vdc failed at sector 0'],
    [5, 'disk-error', 'the disk vdc failed at sector 8'],
    [8, 'filesystem-error', 'the kernel found an error in the filesystem on vdd (trigger_test_error:129)'],
    [10, 'filesystem-read-only', 'the filesystem on vdd became read-only'],
  ],
  'emergency-bookworm.serial.log': [
    [9, 'device-timeout', 'the device …22222-3333-4444-5555-666666666666 did not appear'],
    [10, 'mount-failed', '/data could not be mounted'],
    [23, 'emergency-mode', 'systemd could not reach its target and went into emergency mode'],
  ],
  'emergency-mount.serial.log': [
    [11, 'mount-failed', '/data could not be mounted'],
    [26, 'emergency-mode', 'systemd could not reach its target and went into emergency mode'],
  ],
  'emergency-trixie.serial.log': [
    [9, 'device-timeout', 'the device dev-d…222222-3333-4444-5555-666666666666 did not appear'],
    [10, 'mount-failed', '/data could not be mounted'],
    [23, 'emergency-mode', 'systemd could not reach its target and went into emergency mode'],
  ],
  'fsck-bookworm.serial.log': [
    [19, 'fsck-manual', 'the filesystem root is damaged more than fsck mends on its own'],
    [25, 'initramfs-shell', 'the initramfs could not go on, and waits at its shell'],
  ],
  'fsck-trixie.serial.log': [
    [19, 'fsck-manual', 'the filesystem root is damaged more than fsck mends on its own'],
    [25, 'initramfs-shell', 'the initramfs could not go on, and waits at its shell'],
  ],
  'full-trixie.provisioner.log': [
    [2, 'no-space', 'no space was left on the disk'],
    [9, 'no-space', 'no space was left on the disk'],
    [12, 'no-space', 'no space was left on the disk'],
    [34, 'no-space', 'no space was left on the disk'],
    [35, 'no-space', 'no space was left on the disk'],
    [36, 'dpkg-failed', '/usr/bin/dpkg, run by apt in the guest, ended with 2'],
  ],
  'full-root-trixie.serial.log': [
    [
      1,
      'root-not-writable',
      'nothing could be written to the root filesystem: it is full, or became read-only',
    ],
    [
      2,
      'root-not-writable',
      'nothing could be written to the root filesystem: it is full, or became read-only',
    ],
    [4, 'unit-failed', 'a unit of systemd failed: cloud-init-local.s…ud-init: Local Stage (pre-network)'],
  ],
  'full-trixie.serial.log': [[6, 'no-space', 'no space was left on the disk']],
  'grub-no-device.serial.log': [
    [3, 'grub-device', 'GRUB did not find the disk 11111111-2222-3333-4444-555555555555'],
    [5, 'grub-device', 'GRUB did not find the disk hd0,msdos2'],
    [7, 'grub-no-kernel', 'GRUB has no kernel to start'],
  ],
  'grub-no-kernel-bookworm.serial.log': [
    [4, 'grub-file', 'GRUB did not find /boot/vmlinuz-6.1.0-56-amd64'],
    [6, 'grub-no-kernel', 'GRUB has no kernel to start'],
  ],
  'grub-no-kernel-trixie.serial.log': [
    [4, 'grub-file', 'GRUB did not find /boot/vmlinuz-6.12.117+deb13-cloud-amd64'],
    [6, 'grub-no-kernel', 'GRUB has no kernel to start'],
  ],
  'grub-rescue.serial.log': [
    [12, 'grub-file', 'GRUB did not find /boot/grub/i386-pc/normal.mod'],
    [13, 'grub-rescue', 'GRUB found too little of itself to go on, and waits at its rescue prompt'],
  ],
  'init-exits-trixie.serial.log': [
    [
      8,
      'panic-init-ended',
      'the guest’s first process ended, and the kernel panicked (wait status 0x00000000)',
    ],
  ],
  'interface-bookworm.provisioner.log': [
    [2, 'interface-down', 'the network interface eth7 could not be brought up'],
  ],
  'journal-forwarded-bookworm.serial.log': [
    [4, 'unit-result', 'the unit metrics.service failed (exit-code)'],
    [16, 'interface-down', 'the network interface eth7 could not be brought up'],
    [22, 'unit-result', 'the unit networking.service failed (exit-code)'],
    [24, 'unit-failed', 'a unit of systemd failed: networking…ce - Raise network interfaces'],
    [38, 'unit-result', 'the unit trouble.service failed (signal)'],
    [56, 'restarted', 'the guest restarted itself'],
  ],
  'killed.qemu.log': [[1, 'qemu-killed', 'QEMU was ended from outside, by signal 15']],
  'microvm-no-root.serial.log': [
    [
      1,
      'microvm-failed',
      'the microvm gave up: no filesystem with UUID 11111111-2222-3333-4444-555555555555',
    ],
    [2, 'powered-off', 'the guest powered itself off'],
  ],
  'network-bookworm.provisioner.log': [
    [18, 'no-dhcp-offer', 'no DHCP server answered the guest'],
    [32, 'no-dhcp-offer', 'no DHCP server answered the guest'],
    [41, 'name-not-resolved', 'the guest could not resolve the name mirror.example'],
    [43, 'name-not-resolved', 'the guest could not resolve the name mirror.example'],
    [48, 'package-unknown', 'apt in the guest knows no package curlx'],
  ],
  'network-trixie.provisioner.log': [
    [21, 'name-not-resolved', 'the guest could not resolve the name mirror.example'],
    [23, 'name-not-resolved', 'the guest could not resolve the name mirror.example'],
    [28, 'package-unknown', 'apt in the guest knows no package curlx'],
    [32, 'network-unreachable', 'the guest has no way into the network'],
    [35, 'no-name-resolution', 'the guest could not resolve names'],
    [36, 'network-unreachable', 'the guest has no way into the network'],
  ],
  'network-trixie.serial.log': [[13, 'network-not-online', 'the guest waited for its network in vain']],
  'no-bootable-device.firmware.log': [
    [13, 'disk-not-bootable', 'a disk has no boot sector'],
    [26, 'no-bootable-device', 'the firmware found nothing to boot'],
  ],
  'no-disk.qemu.log': [[1, 'qemu-no-disk', 'QEMU could not open missing.qcow2: No such file or directory']],
  'no-init.serial.log': [
    [17, 'initramfs-no-init', 'the root filesystem has no program to start as init'],
    [18, 'initramfs-shell', 'the initramfs could not go on, and waits at its shell'],
  ],
  'no-memory.qemu.log': [[1, 'qemu-no-memory', 'the host has not enough memory for the virtual machine']],
  'no-root-bookworm.serial.log': [
    [
      17,
      'initramfs-no-root',
      'its root filesystem was not found: the initramfs waited for UUID=11111111-2222-3333-4444-555555555555, then dropped to a shell',
    ],
    [18, 'initramfs-shell', 'the initramfs could not go on, and waits at its shell'],
  ],
  'no-root-driver-bookworm.serial.log': [
    [
      11,
      'panic-no-root',
      'the kernel could not mount the root filesystem: it has no driver or no disk for unknown-block(0,0)',
    ],
  ],
  'no-root-driver-trixie.serial.log': [
    [
      11,
      'panic-no-root',
      'the kernel could not mount the root filesystem: it has no driver or no disk for unknown-block(0,0)',
    ],
  ],
  'no-root-trixie.serial.log': [
    [
      17,
      'initramfs-no-root',
      'its root filesystem was not found: the initramfs waited for UUID=11111111-2222-3333-4444-555555555555, then dropped to a shell',
    ],
    [18, 'initramfs-shell', 'the initramfs could not go on, and waits at its shell'],
  ],
  'oom-bookworm.serial.log': [
    [26, 'out-of-memory', 'the guest ran out of memory, and its kernel killed python3'],
  ],
  'oom-trixie.serial.log': [
    [33, 'out-of-memory', 'the guest ran out of memory, and its kernel killed python3'],
    [34, 'unit-failed', 'a unit of systemd failed: trouble.service - Provision the machine'],
  ],
  'panic-lockup-trixie.serial.log': [
    [6, 'soft-lockup', 'processor 0 of the guest hung for 43 s'],
    [34, 'panic-lockup', 'the kernel hung for so long that it gave up'],
  ],
  'panic-no-init-bookworm.serial.log': [
    [11, 'panic-no-init', 'the kernel found no program to start as init'],
  ],
  'panic-no-init-trixie.serial.log': [[11, 'panic-no-init', 'the kernel found no program to start as init']],
  'panic-trixie.serial.log': [
    [2, 'filesystem-error', 'the kernel found an error in the filesystem on vda1 (trigger_test_error:129)'],
    [4, 'filesystem-read-only', 'the filesystem on vda1 became read-only'],
    [7, 'panic', 'the kernel panicked: sysrq triggered crash'],
  ],
  'soft-lockup-trixie.serial.log': [[10, 'soft-lockup', 'processor 0 of the guest hung for 43 s']],
  'units-bookworm.serial.log': [
    [1, 'disk-error', 'the disk vdc failed at sector 8'],
    [19, 'unit-failed', 'a unit of systemd failed: metrics.service - Collector of metrics'],
    [25, 'sshd-failed', 'the SSH server did not start'],
  ],
  'units-trixie.serial.log': [
    [2, 'disk-error', 'the disk vdc failed at sector 8'],
    [3, 'disk-error', 'the disk vdc failed at sector 8'],
    [16, 'unit-failed', 'a unit of systemd failed: metrics.service - Collector of metrics'],
    [25, 'sshd-failed', 'the SSH server did not start'],
  ],
};
