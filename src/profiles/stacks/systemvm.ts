import type { FileDocument, ProfileDocument } from '../profile-document.ts';
import { SYSTEMVM_PACKAGES } from './systemvm-packages.ts';

const SCRIPTS: readonly FileDocument[] = [
  ['setup/init.sh', 'init.sh'],
  ['setup/cloud-early-config', 'cloud-early-config.sh'],
  ['setup/patch-from-cd.sh', 'patch-from-cd.sh'],
  ['setup/postinit.sh', 'postinit.sh'],
  ['get_template_version.sh', 'get_template_version.sh'],
].map(([path, source]) => ({
  path: `/opt/cloud/bin/${path}`,
  source: `systemvm/boot/${source}`,
  mode: '0755',
}));

const LIBRARY: readonly FileDocument[] = ['log', 'channels', 'words', 'network', 'patch', 'grow'].map(
  (name) => ({
    path: `/opt/cloud/lib/${name}.sh`,
    source: `systemvm/boot/lib/${name}.sh`,
  }),
);

// Where the archive of CloudStack's scripts has its own, which then take their place.
const UNITS: readonly FileDocument[] = [
  'cloud-preinit.service',
  'cosmic-patch-scripts.service',
  'cloud-early-config.service',
  'cloud-postinit.service',
].map((name) => ({ path: `/etc/systemd/system/${name}`, source: `systemvm/units/${name}` }));

/**
 * Software stack axis: the CloudStack and Cosmic system VM (router, console proxy, secondary storage) and its
 * boot contract. One disk serves every hypervisor, so all guest agents are in it.
 */
export const SYSTEMVM: ProfileDocument = {
  description: 'Software stack: CloudStack and Cosmic system VM',
  line: 'cosmic-systemvm',
  // 5000 MiB as CloudStack has it; even, because VHD blocks are 2 MiB
  disk: { sizeMiB: 5000 },
  packages: { kernel: 'linux-image-amd64', include: SYSTEMVM_PACKAGES },
  files: [
    { path: '/etc/cloud/cloud.cfg.d/90-template.cfg', source: 'systemvm/files/cloud-template.cfg' },
    { path: '/etc/cloud/ds-identify.cfg', source: 'systemvm/files/ds-identify.cfg' },
    { path: '/etc/modprobe.d/template.conf', source: 'systemvm/files/modprobe.conf' },
    { path: '/etc/modules-load.d/conntrack.conf', source: 'systemvm/files/conntrack-modules.conf' },
    { path: '/etc/modules-load.d/channels.conf', source: 'systemvm/files/channel-modules.conf' },
    { path: '/etc/network/interfaces', source: 'systemvm/files/interfaces' },
    { path: '/etc/ssh/sshd_config.d/10-systemvm.conf', source: 'systemvm/files/sshd-systemvm.conf' },
    { path: '/etc/strongswan.d/systemvm.conf', source: 'systemvm/files/strongswan.conf' },
    { path: '/etc/sysctl.d/90-systemvm.conf', source: 'systemvm/files/sysctl.conf' },
    { path: '/etc/systemd/journald.conf.d/systemvm.conf', source: 'systemvm/files/journald.conf' },
    { path: '/etc/tmpfiles.d/cloud-boot.conf', source: 'systemvm/files/boot-stamp.conf' },
    {
      path: '/etc/systemd/system/qemu-guest-agent.service.d/early.conf',
      source: 'systemvm/units/qemu-guest-agent.conf',
    },
    ...SCRIPTS,
    ...LIBRARY,
    ...UNITS,
  ],
  provisioners: [
    { type: 'shell', name: 'configure the network', script: 'systemvm/configure-network.sh' },
    { type: 'shell', name: 'configure SSH', script: 'systemvm/configure-ssh.sh' },
    { type: 'shell', name: 'configure services', script: 'systemvm/configure-services.sh' },
    { type: 'shell', name: 'configure consoles', script: 'systemvm/configure-consoles.sh' },
    { type: 'shell', name: 'configure the boot contract', script: 'systemvm/configure-boot.sh' },
  ],
  guest: {
    contract: 'cloudstack-systemvm',
    hostname: 'systemvm',
    // the serial port last: only a console that exists everywhere may become /dev/console
    consoles: ['tty0', 'hvc0', 'ttyS0,115200n8'],
    // the agents address interfaces as eth0, eth1, …
    kernelArguments: ['net.ifnames=0', 'biosdevname=0', 'nomodeset'],
    sshPort: 3922,
    releaseFiles: [
      { path: '/etc/cloudstack-release', brand: 'Cloudstack' },
      { path: '/etc/cosmic-release', brand: 'Cosmic' },
    ],
  },
  // changed by the provisioners: old protocols of the agents' web server and logs of every connection are off
  finish: {
    expectedFiles: [
      '/etc/apache2/mods-available/ssl.conf',
      '/etc/conntrackd/conntrackd.conf',
      // the archive of the template's own scripts, made by configure-boot.sh
      '/usr/share/cloud/cloud-scripts.tgz',
    ],
  },
  template: { name: 'cosmic-systemvm', consumers: ['cosmic', 'cloudstack', 'cloudstack24'] },
};
