import type { Fault } from '../errors/fault.ts';
import { BOOT_ROOM, rootSizeMiB } from './boot-partitions.ts';
import { checkOutputs } from './check-outputs.ts';
import { outputsOf } from './outputs.ts';
import type { Profile } from './profile.ts';

/** Room that a root file system needs at least, in MiB: a kernel, systemd and apt's lists. */
const SMALLEST_ROOT_MIB = 512;

/** CloudStack and Cosmic refuse longer template names (Cosmic, TemplateManagerImpl.createTemplate). */
export const LONGEST_TEMPLATE_NAME = 32;

/** vSphere refuses longer names of virtual machines (vSphere API, VirtualMachineConfigSpec). */
const LONGEST_VSPHERE_NAME = 80;

/** Linux and Windows take no longer file names. */
const LONGEST_FILE_NAME = 255;

/** A dash and the longest LONG version of a line's foreseeable life, such as `-26.11.21-10.1234`. */
const VERSION_SUFFIX_LENGTH = '-26.11.21-10.1234'.length;

/** Faults between the parts of a complete profile. */
export function checkProfile(profile: Profile): Fault[] {
  return [
    ...checkKernel(profile),
    ...checkDisk(profile),
    ...checkTemplate(profile),
    ...checkFileNames(profile),
    ...checkOutputs(profile),
  ];
}

function checkKernel({ packages, os, targets }: Profile): Fault[] {
  const { kernel } = packages;
  const path = '.packages.kernel';
  const found = `found ${JSON.stringify(kernel)}`;
  const faults: Fault[] = [];
  if (!kernel.endsWith(`-${os.architecture}`)) {
    faults.push({ path, message: `must be a kernel for ${os.architecture}; ${found}` });
  }
  const undriven = Object.keys(targets).filter((target) => target !== 'kvm');
  if (/-cloud-/.test(kernel) && undriven.length > 0) {
    const message = `lacks drivers that ${undriven.join(', ')} needs; use linux-image-${os.architecture}; ${found}`;
    faults.push({ path, message });
  }
  if (packages.exclude.includes(kernel)) faults.push({ path, message: `is excluded; ${found}` });
  return faults;
}

function checkDisk({ disk }: Profile): Fault[] {
  const faults: Fault[] = [];
  if (disk.secureBoot && disk.layout === 'bios') {
    faults.push({ path: '.disk.secureBoot', message: 'needs .disk.layout uefi or hybrid; found bios' });
  }
  // The limit includes the first MiB, which every layout needs.
  const leftMiB = rootSizeMiB(disk) + BOOT_ROOM.bios.startMiB;
  if (leftMiB >= SMALLEST_ROOT_MIB) return faults;
  const takenMiB = disk.sizeMiB - disk.swapMiB - leftMiB;
  const beside = takenMiB === 0 ? '' : ` beside ${takenMiB} MiB that layout ${disk.layout} boots from`;
  const [path, found] =
    disk.swapMiB === 0 ? ['.disk.sizeMiB', disk.sizeMiB] : ['.disk.swapMiB', disk.swapMiB];
  const message = `leaves less than ${SMALLEST_ROOT_MIB} MiB of ${disk.sizeMiB} for the root${beside}; found ${found}`;
  return [...faults, { path, message }];
}

/** Every consumer that limits the template's name: the strictest is named. */
function checkTemplate({ template, targets }: Profile): Fault[] {
  const [consumer] = template.consumers;
  const limits: readonly (readonly [consumer: string | undefined, longest: number])[] = [
    [consumer, LONGEST_TEMPLATE_NAME],
    [targets.vmware && 'vSphere', LONGEST_VSPHERE_NAME],
  ];
  for (const [name, total] of limits) {
    const longest = total - VERSION_SUFFIX_LENGTH;
    if (name === undefined || template.name.length <= longest) continue;
    const message =
      `must have at most ${longest} characters, because ${name} takes names of ${total} ` +
      `and the version is appended; found ${template.name.length}`;
    return [{ path: '.template.name', message }];
  }
  return [];
}

function checkFileNames(profile: Profile): Fault[] {
  const suffixes = outputsOf(profile).map(
    ({ target, output }) => `_x86_64-${target}.${output.format}.${output.outer}`.length,
  );
  const longest = LONGEST_FILE_NAME - VERSION_SUFFIX_LENGTH - Math.max(0, ...suffixes);
  const { name } = profile.template;
  if (name.length <= longest) return [];
  const message = `must have at most ${longest} characters, because it begins file names; found ${name.length}`;
  return [{ path: '.template.name', message }];
}
