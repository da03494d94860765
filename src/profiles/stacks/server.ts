import type { ProfileDocument } from '../profile-document.ts';

/** Software stack axis: a small general server that cloud-init sets up, with systemd's own network and time services. */
export const SERVER: ProfileDocument = {
  description: 'Software stack: a small server with cloud-init and OpenSSH',
  disk: { sizeMiB: 4096 },
  packages: {
    kernel: 'linux-image-cloud-amd64',
    include: [
      'ca-certificates',
      'cloud-guest-utils',
      'cloud-init',
      'dbus',
      'e2fsprogs',
      // growpart needs sfdisk
      'fdisk',
      'iproute2',
      'iputils-ping',
      'less',
      // sudo and sshd look up the host's own name
      'libnss-resolve',
      'libpam-systemd',
      'openssh-server',
      'procps',
      'sudo',
      'systemd-resolved',
      'systemd-sysv',
      'systemd-timesyncd',
      'tzdata',
      // update-initramfs falls back to slow gzip without it
      'zstd',
    ],
  },
  files: [
    { path: '/etc/cloud/cloud.cfg.d/90-template.cfg', source: 'server/files/cloud-template.cfg' },
    { path: '/etc/cloud/ds-identify.cfg', source: 'server/files/ds-identify.cfg' },
    { path: '/etc/ssh/sshd_config.d/60-template.conf', source: 'server/files/sshd-template.conf' },
    { path: '/etc/systemd/resolved.conf.d/60-template.conf', source: 'server/files/resolved-template.conf' },
  ],
  provisioners: [{ type: 'shell', name: 'configure the server', script: 'server/configure.sh' }],
  guest: {
    contract: 'nocloud',
    hostname: 'server',
    consoles: ['tty0', 'ttyS0,115200n8'],
    sshPort: 22,
    // systemd-networkd's DHCP client
    listeners: ['udp/68'],
    releaseFiles: [],
  },
};
