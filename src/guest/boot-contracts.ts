import type { TargetName } from '../profiles/profile.ts';
import type { BootContract } from './boot-contract.ts';
import type { BootContractName } from './boot-contract-name.ts';
import { CLOUDSTACK, COSMIC } from './contract-cloudstack.ts';
import { CONFIG_DRIVE, NOCLOUD } from './contract-nocloud.ts';

/** Every boot contract, by name. */
export const BOOT_CONTRACT_TABLE: Readonly<Record<BootContractName, BootContract>> = {
  nocloud: NOCLOUD,
  'config-drive': CONFIG_DRIVE,
  cloudstack: CLOUDSTACK,
  cosmic: COSMIC,
};

/** Contracts that can be spoken to a machine of this shape: a Cosmic host has KVM. */
export function speaksOn(contract: BootContractName, target: TargetName): boolean {
  return contract !== 'cosmic' || target === 'kvm';
}
