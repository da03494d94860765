import type { ProfileDocument } from '../profile-document.ts';

/** Target axis: KVM under libvirt, Proxmox, OpenStack, CloudStack. */
export const KVM: ProfileDocument = {
  description: 'Target: KVM, as qcow2',
  packages: { include: ['qemu-guest-agent'] },
  targets: { kvm: { format: 'qcow2' } },
};
