import type { TargetName } from '../profiles/profile.ts';

/** Kernel modules of one kernel of a guest, by name, with underscores. */
export interface GuestModules {
  /** Release of the kernel, such as `6.1.0-41-amd64`. */
  readonly kernel: string;
  /** In the kernel itself or in its initramfs: there before the root file system is. */
  readonly early: ReadonlySet<string>;
  /** In the root file system. */
  readonly late: ReadonlySet<string>;
}

/** Drivers that a guest needs on a hypervisor. */
interface NeededDrivers {
  /** For the disk and what it hangs on: needed before the root file system is there. */
  readonly storage: readonly string[];
  readonly network: readonly string[];
}

/**
 * What each hypervisor gives a guest: XenServer starts HVM guests with an emulated IDE disk (ata_piix) that Xen's own
 * replaces; VMware has LSI Logic (mptspi) or its paravirtual controller; Hyper-V's first generation boots by IDE and
 * offers the same disk by its storage service.
 */
const NEEDED: Readonly<Record<TargetName, NeededDrivers>> = {
  kvm: { storage: ['virtio_blk', 'virtio_scsi'], network: ['virtio_net'] },
  xenserver: { storage: ['xen_blkfront', 'ata_piix'], network: ['xen_netfront'] },
  vmware: { storage: ['mptspi', 'vmw_pvscsi', 'ata_piix'], network: ['vmxnet3', 'e1000'] },
  hyperv: { storage: ['hv_storvsc', 'hv_vmbus', 'ata_piix'], network: ['hv_netvsc'] },
};

/** A driver that a guest lacks. */
export interface MissingDriver {
  readonly target: TargetName;
  readonly driver: string;
  readonly where: 'initramfs' | 'modules';
}

/** What is missing for a guest to run on these hypervisors. */
export function findMissingDrivers(modules: GuestModules, targets: readonly TargetName[]): MissingDriver[] {
  const isThere = (driver: string): boolean => modules.early.has(driver) || modules.late.has(driver);
  return targets.flatMap((target) => {
    const { storage, network } = NEEDED[target];
    return [
      ...storage
        .filter((driver) => !modules.early.has(driver))
        .map((driver) => ({ target, driver, where: 'initramfs' as const })),
      ...network
        .filter((driver) => !isThere(driver))
        .map((driver) => ({ target, driver, where: 'modules' as const })),
    ];
  });
}

/** Name of the module that a path ends in, or undefined: `kernel/drivers/xen/xen-blkfront.ko.xz` is `xen_blkfront`. */
export function moduleNameOf(path: string): string | undefined {
  return /([^/]+)\.ko(?:\.(?:xz|zst|gz))?$/.exec(path)?.[1]?.replaceAll('-', '_');
}
