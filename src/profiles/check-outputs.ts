import type { Fault } from '../errors/fault.ts';
import { outputsOf, type PlannedOutput } from './outputs.ts';
import type { Output, Profile, Target } from './profile.ts';
import { GUEST_SYSTEMS, HARDWARE_VERSIONS } from './vmware-hardware.ts';

/** The compressions that each format has, the usual one first. */
export const COMPRESSIONS: Readonly<Record<Output['format'], readonly Output['compression'][]>> = {
  qcow2: ['zlib', 'zstd', 'none'],
  raw: ['none'],
  vhd: ['none'],
  vhdx: ['none'],
  vmdk: ['zlib'],
  ova: ['zlib'],
};

/** Largest VHD, in MiB: 2040 GiB (Microsoft, Virtual Hard Disk Image Format Specification). */
const LARGEST_VHD_MIB = 2040 * 1024;

/** Faults of the artifacts that a profile asks for. */
export function checkOutputs(profile: Profile): Fault[] {
  return [
    ...outputsOf(profile).flatMap((planned) => checkOutput(planned, profile)),
    ...Object.entries(profile.targets).flatMap(([name, target]) => [
      ...checkFormatsOnce(name, target),
      ...checkMachine(name, target),
    ]),
  ];
}

function checkOutput({ target, output, path }: PlannedOutput, { disk, template }: Profile): Fault[] {
  const { format, compression, compat, subformat, outer } = output;
  const faults: Fault[] = [];
  const refuse = (key: string, message: string): void => {
    faults.push({ path: `${path}.${key}`, message });
  };
  const allowed = COMPRESSIONS[format];
  if (!allowed.includes(compression)) {
    refuse('compression', `must be ${allowed.join(' or ')} for ${format}; found "${compression}"`);
  }
  if (compat !== undefined && format !== 'qcow2') {
    refuse('compat', `is for qcow2 only; the format is ${format}`);
  }
  if (subformat !== undefined && format !== 'vhd') {
    refuse('subformat', `is for vhd only; the format is ${format}`);
  }
  if (compat === '0.10' && compression === 'zstd') {
    refuse('compat', 'must be 1.1 with zstd compression; found "0.10"');
  }
  if (/^vhdx?$/.test(format) && disk.sizeMiB % 2 !== 0) {
    refuse('format', `needs disk.sizeMiB to be a multiple of 2, its block size; found ${disk.sizeMiB}`);
  }
  if (format === 'vhd' && disk.sizeMiB > LARGEST_VHD_MIB) {
    refuse('format', `holds disks of at most ${LARGEST_VHD_MIB} MiB; disk.sizeMiB is ${disk.sizeMiB}`);
  }
  // Microsoft: generation 2 starts from VHDX only, generation 1 by BIOS only.
  if (target === 'hyperv' && format === 'vhd' && disk.layout === 'uefi') {
    refuse(
      'format',
      'is for generation 1, which starts by BIOS; with disk.layout uefi use vhdx, or layout hybrid',
    );
  }
  // CloudStack, UriUtils: .zip, .bz2, .gz and .xz are the suffixes that it strips.
  const [consumer] = template.consumers;
  if (outer === 'zst' && consumer !== undefined) {
    refuse('outer', `must be none, zip, bz2, gz or xz for ${consumer}; found "zst"`);
  }
  return faults;
}

/** Artifacts of a target are told apart by their suffixes. */
function checkFormatsOnce(name: string, target: Target): Fault[] {
  const seen = new Set<string>([target.format]);
  return target.also.flatMap(({ format }, index) => {
    const isKnown = seen.has(format);
    seen.add(format);
    const message = `must differ from the target's other formats; found "${format}" again`;
    return isKnown ? [{ path: `.targets.${name}.also[${index}].format`, message }] : [];
  });
}

/** VMware takes memory in steps of this many MiB. */
const MEMORY_STEP_MIB = 4;

function checkMachine(name: string, { format, also, machine }: Target): Fault[] {
  if (machine === undefined) return [];
  const path = `.targets.${name}.machine`;
  const hasOva = [format, ...also.map((output) => output.format)].includes('ova');
  if (!hasOva) return [{ path, message: 'is for ova only; the target makes none' }];
  const { osType, hardwareVersion, memoryMiB } = machine;
  const faults: Fault[] = [];
  const needed = GUEST_SYSTEMS[osType].hardwareVersion;
  if (hardwareVersion < needed) {
    const message = `needs hardware version ${needed} (${HARDWARE_VERSIONS[needed]}); found ${hardwareVersion}`;
    faults.push({ path: `${path}.osType`, message });
  }
  if (memoryMiB % MEMORY_STEP_MIB !== 0) {
    const message = `must be a multiple of ${MEMORY_STEP_MIB}; found ${memoryMiB}`;
    faults.push({ path: `${path}.memoryMiB`, message });
  }
  return faults;
}
