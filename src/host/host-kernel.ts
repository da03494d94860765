import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';

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

async function mayRead(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}
