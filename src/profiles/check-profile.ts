import type { Fault } from '../errors/fault.ts';
import type { Profile, Target, TargetName } from './profile.ts';

/** Room that a root file system needs at least, in MiB: a kernel, systemd and apt's lists. */
const SMALLEST_ROOT_MIB = 512;

/** CloudStack and Cosmic refuse longer template names (Cosmic, TemplateManagerImpl.createTemplate). */
export const LONGEST_TEMPLATE_NAME = 32;

/** A dash and the longest LONG version of a line's foreseeable life, such as `-26.11.21-10.1234`. */
const VERSION_SUFFIX_LENGTH = '-26.11.21-10.1234'.length;

/** Faults between the parts of a complete profile. */
export function checkProfile(profile: Profile): Fault[] {
  return [
    ...checkKernel(profile),
    ...checkDisk(profile),
    ...checkTemplate(profile),
    ...targetsOf(profile).flatMap(([name, target]) => checkTarget(name, target, profile)),
  ];
}

/** The targets of a profile with their names, in the order in which artifacts are made. */
export function targetsOf(profile: Profile): [TargetName, Target][] {
  const names: readonly TargetName[] = ['kvm', 'xenserver', 'vmware', 'hyperv'];
  return names.flatMap((name) => {
    const target = profile.targets[name];
    return target ? [[name, target]] : [];
  });
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
  if (disk.sizeMiB - disk.swapMiB >= SMALLEST_ROOT_MIB) return [];
  const message = `leaves less than ${SMALLEST_ROOT_MIB} MiB of ${disk.sizeMiB} for the root; found ${disk.swapMiB}`;
  return [{ path: '.disk.swapMiB', message }];
}

function checkTemplate({ template }: Profile): Fault[] {
  const longest = LONGEST_TEMPLATE_NAME - VERSION_SUFFIX_LENGTH;
  const consumer = template.consumers[0];
  if (consumer === undefined || template.name.length <= longest) return [];
  const message =
    `must have at most ${longest} characters, because ${consumer} takes names of ${LONGEST_TEMPLATE_NAME} ` +
    `and the version is appended; found ${template.name.length}`;
  return [{ path: '.template.name', message }];
}

function checkTarget(name: TargetName, target: Target, { disk }: Profile): Fault[] {
  const faults: Fault[] = [];
  const refuse = (key: string, message: string): void => {
    faults.push({ path: `.targets.${name}.${key}`, message });
  };
  const allowed = COMPRESSIONS[target.format];
  if (!allowed.includes(target.compression)) {
    refuse(
      'compression',
      `must be ${allowed.join(' or ')} for ${target.format}; found "${target.compression}"`,
    );
  }
  if (target.compat !== undefined && target.format !== 'qcow2') {
    refuse('compat', `is for qcow2 only; the format is ${target.format}`);
  }
  if (target.compat === '0.10' && target.compression === 'zstd') {
    refuse('compat', 'must be 1.1 with zstd compression; found "0.10"');
  }
  if (/^vhdx?$/.test(target.format) && disk.sizeMiB % 2 !== 0) {
    refuse('format', `needs disk.sizeMiB to be a multiple of 2, its block size; found ${disk.sizeMiB}`);
  }
  return faults;
}

/** The compressions that each format has, the usual one first. */
export const COMPRESSIONS: Readonly<Record<Target['format'], readonly Target['compression'][]>> = {
  qcow2: ['zlib', 'zstd', 'none'],
  raw: ['none'],
  vhd: ['none'],
  vhdx: ['none'],
  vmdk: ['zlib', 'none'],
  ova: ['zlib'],
};
