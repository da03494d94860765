import type { MachineDescription } from './profile.ts';
import type { ProfileDocument } from './profile-document.ts';

/** What holds where no document says otherwise. */
export const DEFAULTS: ProfileDocument = {
  os: {
    distribution: 'debian',
    suite: 'trixie',
    architecture: 'amd64',
    components: ['main'],
    aptSources: [],
  },
  base: { method: 'bootstrap' },
  disk: { sizeMiB: 4096, layout: 'bios', secureBoot: false, filesystem: 'ext4', swapMiB: 0 },
  packages: { include: [], exclude: [], recommends: false, kernel: 'linux-image-amd64' },
  files: [],
  provisioners: [],
  checks: [],
  guest: {
    contract: 'nocloud',
    hostname: 'localhost',
    consoles: ['tty0', 'ttyS0,115200n8'],
    kernelArguments: [],
    sshPort: 22,
    listeners: [],
    releaseFiles: [],
  },
  vm: { cpus: 2, memoryMiB: 1024 },
  finish: { sparsify: 'in-place', removeDocs: true, keepLocales: ['en', 'en_US'], expectedFiles: [] },
  version: { policy: 'daily' },
  template: { consumers: [] },
};

/** Permissions of a file that names none. */
export const DEFAULT_FILE_MODE = '0644';

/** Time limit of a shell provisioner that names none; generous, because a guest without KVM is slow. */
export const DEFAULT_TIMEOUT_SECONDS = 900;

/**
 * What an OVA says of its machine unless told otherwise: hardware and system that every vSphere since 6.5, VirtualBox
 * and CloudStack take (CloudStack's own templates say the same of controller, system and version), and no network card,
 * because managers of templates bring their own.
 */
export const DEFAULT_MACHINE: MachineDescription = {
  cpus: 1,
  memoryMiB: 1024,
  hardwareVersion: 13,
  osType: 'otherLinux64Guest',
  scsi: 'lsilogic',
  nic: 'none',
};
