import { Failure } from '../errors/failure.ts';
import { TAR_NAME_BYTES } from './ustar.ts';
import {
  DEFAULT_HARDWARE_VERSION,
  GUEST_SYSTEMS,
  HARDWARE_VERSIONS,
  type GuestSystemName,
} from '../profiles/vmware-hardware.ts';

/** The virtual machine that an OVF describes. */
export interface OvfMachine {
  /** Name of the template, its version included; the files in an OVA are named for it. */
  readonly name: string;
  readonly osType: GuestSystemName;
  readonly cpus: number;
  readonly memoryMiB: number;
  /** {@link DEFAULT_HARDWARE_VERSION} unless given. */
  readonly hardwareVersion?: number | undefined;
  readonly firmware: 'bios' | 'efi';
  /** Whether the firmware starts signed loaders only. */
  readonly secureBoot?: boolean | undefined;
  /** Controller of the disk. */
  readonly scsi: 'lsilogic' | 'pvscsi';
  readonly nic: 'none' | 'e1000' | 'vmxnet3';
  /** What the template holds, for people. */
  readonly product?: OvfProduct | undefined;
}

/** What vSphere shows of a template. */
export interface OvfProduct {
  readonly name: string;
  readonly version: string;
  readonly vendor?: string | undefined;
}

/** Hardware version of a machine. */
export function hardwareVersionOf({ hardwareVersion }: OvfMachine): number {
  return hardwareVersion ?? DEFAULT_HARDWARE_VERSION;
}

/** What a name gets behind it in an OVA, at most. */
const LONGEST_SUFFIX = '-disk1.vmdk';
/** VMware takes memory in steps of this many MiB only. */
const MEMORY_STEP_MIB = 4;
/** The first hardware version that has secure boot: vSphere 6.5. */
const SECURE_BOOT_VERSION = 13;

/** Raises `E_OVF_MACHINE` with everything that is wrong with a machine. */
export function checkOvfMachine(machine: OvfMachine): void {
  const faults = [...nameFaults(machine.name), ...sizeFaults(machine), ...versionFaults(machine)];
  if (faults.length === 0) return;
  throw new Failure('profile', 'E_OVF_MACHINE', `the OVF cannot describe this machine: ${faults[0]}`, {
    details: faults,
  });
}

/** A name stands in a URI, in a line of the manifest and in an archive: letters, digits and three marks do everywhere. */
function nameFaults(name: string): string[] {
  const most = TAR_NAME_BYTES - LONGEST_SUFFIX.length;
  return [
    ...(/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)
      ? []
      : [`.name: ${JSON.stringify(name)} is not made of letters, digits, '.', '_' and '-'`]),
    ...(name.length > most ? [`.name: it has ${name.length} characters, an OVA takes ${most}`] : []),
  ];
}

function sizeFaults({ cpus, memoryMiB }: OvfMachine): string[] {
  const hasMemory = Number.isInteger(memoryMiB) && memoryMiB > 0 && memoryMiB % MEMORY_STEP_MIB === 0;
  return [
    ...(Number.isInteger(cpus) && cpus > 0 ? [] : [`.cpus: ${cpus} is no number of processors`]),
    ...(hasMemory ? [] : [`.memoryMiB: ${memoryMiB} is no multiple of ${MEMORY_STEP_MIB}`]),
  ];
}

function versionFaults(machine: OvfMachine): string[] {
  const version = hardwareVersionOf(machine);
  if (HARDWARE_VERSIONS[version] === undefined)
    return [`.hardwareVersion: ${version} is none of ${Object.keys(HARDWARE_VERSIONS).join(', ')}`];
  const { osType, firmware, secureBoot = false } = machine;
  const needed = GUEST_SYSTEMS[osType].hardwareVersion;
  return [
    ...(version < needed
      ? [`.osType: ${osType} needs hardware version ${needed} (${HARDWARE_VERSIONS[needed]}), not ${version}`]
      : []),
    ...(secureBoot && firmware !== 'efi' ? [`.secureBoot: it needs the firmware efi, not ${firmware}`] : []),
    ...(secureBoot && version < SECURE_BOOT_VERSION
      ? [`.secureBoot: it needs hardware version ${SECURE_BOOT_VERSION}, not ${version}`]
      : []),
  ];
}
