import type { TargetName } from '../profiles/profile.ts';

/** What a machine's disk hangs on. */
export type DiskBus = 'virtio' | 'ide' | 'pvscsi';

/** Network cards that QEMU can be. */
export type NetworkCard = 'virtio-net-pci' | 'e1000' | 'vmxnet3';

/** A virtual machine as one hypervisor gives it to its guests, as far as QEMU can be that. */
export interface MachineShape {
  readonly disk: DiskBus;
  readonly card: NetworkCard;
  /** Whether the hypervisor's own channel is the guest agent's port. */
  readonly hasAgentPort: boolean;
}

/**
 * Shapes by target. XenServer and Hyper-V (first generation) start their guests from an emulated IDE disk. VMware has
 * its paravirtual controller in QEMU; LSI Logic's, which QEMU lacks, is looked for among the drivers instead. Cards of Xen
 * and Hyper-V do not exist outside of them: Intel's stands in.
 */
export const MACHINE_SHAPES: Readonly<Record<TargetName, MachineShape>> = {
  kvm: { disk: 'virtio', card: 'virtio-net-pci', hasAgentPort: true },
  xenserver: { disk: 'ide', card: 'e1000', hasAgentPort: false },
  vmware: { disk: 'pvscsi', card: 'vmxnet3', hasAgentPort: false },
  hyperv: { disk: 'ide', card: 'e1000', hasAgentPort: false },
};
