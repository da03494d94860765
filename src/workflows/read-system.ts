import type { Ext4FileSystem } from '../disks/ext4-reader.ts';
import { Failure } from '../errors/failure.ts';
import { UNKNOWN, type ReleaseOperatingSystem } from '../manifests/release.ts';
import { compareDebianVersions } from '../packages/debian-version.ts';
import { parseDpkgStatus, type InstalledPackage } from '../packages/dpkg-status.ts';
import { parseOsRelease } from '../packages/os-release.ts';
import { readRootPartitionOffset, withFileSystem } from './read-guest.ts';

/** What can be told of the system on a disk from a few of its files. */
export interface DiskSystem {
  readonly os: ReleaseOperatingSystem;
  /** Absent where there is no dpkg. */
  readonly packages?: readonly InstalledPackage[];
}

/** Nothing is known. */
export const UNKNOWN_SYSTEM: DiskSystem = { os: { id: UNKNOWN, version: UNKNOWN, kernel: UNKNOWN } };

/** The system on a raw disk; unknown for a disk without a root file system that we read, or a damaged one. */
export async function readSystem(rawDiskPath: string): Promise<DiskSystem> {
  try {
    const offset = await readRootPartitionOffset(rawDiskPath);
    return await withFileSystem(rawDiskPath, offset, readFrom);
  } catch (error) {
    if (error instanceof Failure) return UNKNOWN_SYSTEM;
    throw error;
  }
}

async function readFrom(volume: Ext4FileSystem): Promise<DiskSystem> {
  const text = async (path: string): Promise<string> =>
    (await volume.stat(path)) ? (await volume.readFile(path)).toString('utf8') : '';
  const osRelease = parseOsRelease(await text('/etc/os-release'));
  const { installed } = parseDpkgStatus(await text('/var/lib/dpkg/status'));
  const boot = (await volume.stat('/boot'))?.type === 'directory' ? await volume.readdir('/boot') : [];
  const kernels = boot
    .flatMap((name) => /^vmlinuz-(.+)$/.exec(name)?.[1] ?? [])
    .toSorted(compareDebianVersions);
  return {
    os: {
      id: osRelease['ID'] ?? UNKNOWN,
      version: osRelease['VERSION_ID'] ?? UNKNOWN,
      kernel: kernels.at(-1) ?? UNKNOWN,
    },
    ...(installed.length === 0 ? {} : { packages: installed }),
  };
}
