import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../errors/failure.ts';
import { findMissingDrivers } from '../guest/hypervisor-drivers.ts';
import type { Profile } from '../profiles/profile.ts';
import { TARGET_NAMES } from '../profiles/profile-document.ts';
import type { WorkflowContext } from './build-request.ts';
import { readModules } from './read-modules.ts';

/** A finished disk with the kernel that boots from it. */
export interface DiskWithKernel {
  readonly disk: string;
  readonly rootOffsetBytes: number;
  /** Release of the newest kernel; undefined where there is none. */
  readonly kernel: string | undefined;
}

/**
 * Makes sure that a guest finds its disk and its network on every hypervisor that it is made for. The build itself shows
 * that on KVM; for the others the drivers are looked for.
 *
 * @param directory of the run, for scratch files
 * Raises `E_GUEST_DRIVERS` with every driver that is missing, and what {@link readModules} raises.
 */
export async function checkDrivers(
  { targets, os }: Pick<Profile, 'targets' | 'os'>,
  { kernel, ...where }: DiskWithKernel,
  directory: string,
  context: WorkflowContext,
): Promise<void> {
  const others = TARGET_NAMES.filter((name) => name !== 'kvm' && targets[name] !== undefined);
  if (others.length === 0) return;
  if (kernel === undefined) {
    throw new Failure('image-test', 'E_GUEST_DRIVERS', 'the guest has no kernel below /boot');
  }
  const scratch = join(directory, 'modules');
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch);
  try {
    const modules = await readModules({ ...where, kernel, scratch }, context);
    const missing = findMissingDrivers(modules, others);
    if (missing.length === 0) return;
    throw new Failure('image-test', 'E_GUEST_DRIVERS', `kernel ${kernel} lacks drivers of its hypervisors`, {
      details: missing.map(({ target, driver, where: place }) =>
        place === 'initramfs'
          ? `${target}: ${driver} is not in the initramfs`
          : `${target}: ${driver} is missing`,
      ),
      hint: `use the kernel linux-image-${os.architecture}, and name the driver in the guest's /etc/initramfs-tools/modules`,
      evidence: { kernel, missing },
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
