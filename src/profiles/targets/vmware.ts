import type { ProfileDocument } from '../profile-document.ts';

/** Target axis: VMware. The cloud kernel lacks IDE, e1000 and the paravirtual drivers, so the generic one is chosen. */
export const VMWARE: ProfileDocument = {
  description: 'Target: VMware, as OVA',
  packages: { kernel: 'linux-image-amd64', include: ['open-vm-tools'] },
  targets: { vmware: { format: 'ova' } },
};
