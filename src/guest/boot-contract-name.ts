/**
 * How a machine is told who it is. `nocloud` and `config-drive`: cloud-init reads a seed disk. `cloudstack` and `cosmic`:
 * a system VM gets one line of words by its hypervisor's channel.
 */
export const BOOT_CONTRACTS = ['nocloud', 'config-drive', 'cloudstack', 'cosmic'] as const;

/** Name of a boot contract. */
export type BootContractName = (typeof BOOT_CONTRACTS)[number];
