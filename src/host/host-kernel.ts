import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../errors/failure.ts';

/** Prefix of Debian's kernel images in `/boot`; what follows is the kernel release. */
const KERNEL_PREFIX = 'vmlinuz-';

/**
 * The newest kernel of this machine that the present user may read and whose modules are installed, or undefined.
 * libguestfs boots it in its appliance (Ubuntu keeps its kernels readable by root only), and the accelerator
 * probe boots it to its first line.
 */
export async function findReadableKernel(
  boot = '/boot',
  modules = '/lib/modules',
): Promise<string | undefined> {
  const names = await readdir(boot).catch((): string[] => []);
  const releases = names
    .filter((name) => name.startsWith(KERNEL_PREFIX))
    .map((name) => name.slice(KERNEL_PREFIX.length))
    .toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  for (const release of releases) {
    const image = join(boot, KERNEL_PREFIX + release);
    if ((await mayRead(image)) && (await mayRead(join(modules, release)))) return image;
  }
  return undefined;
}

/** What a machine without such a kernel lacks, and what helps; `doctor` and a build say the same. */
export const NO_KERNEL = {
  text: 'no kernel in /boot that this user may read and whose modules are installed; virt-sparsify needs one',
  remedy: 'apt-get install --no-install-recommends linux-image-cloud-amd64, or chmod 0644 /boot/vmlinuz-*',
} as const;

/** Raises `E_NO_KERNEL` when {@link findReadableKernel} found none and libguestfs is to be used. */
export function requireReadableKernel(kernel: string | undefined): void {
  if (kernel !== undefined) return;
  throw new Failure('host', 'E_NO_KERNEL', NO_KERNEL.text, {
    hint: `${NO_KERNEL.remedy}; or build with --set finish.sparsify=trim`,
  });
}

async function mayRead(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}
