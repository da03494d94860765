import { open, type FileHandle } from 'node:fs/promises';
import { openExt4, type Ext4Entry, type Ext4FileSystem } from '../disks/ext4-reader.ts';
import { renderFileList } from '../disks/file-list.ts';
import { GPT_START_SECTORS, gptRootOffset, isProtectiveMbr, parseGpt } from '../disks/gpt.ts';
import { parseMbr, rootPartitionOffset, SECTOR_BYTES } from '../disks/mbr.ts';
import type { ReadAt } from '../disks/volume-bytes.ts';
import { canonicalPaths, isKeptText, type GuestFile } from '../guest/guest-file.ts';
import { compareDebianVersions } from '../packages/debian-version.ts';
import { parseDpkgStatus, type InstalledPackage } from '../packages/dpkg-status.ts';
import { parseOsRelease } from '../packages/os-release.ts';
import { isDatabaseFile, parsePackageDatabase, type PackageDatabase } from '../packages/package-database.ts';
import {
  distinctFiles,
  readContents,
  textsWhere,
  type Digests,
  type ReadGuestOptions,
} from './read-contents.ts';

/** What is inside a finished disk, read without starting or mounting it. */
export interface GuestContent {
  /** UUID of the root file system. */
  readonly uuid: string;
  readonly label: string;
  /** `/etc/os-release`; empty when there is none. */
  readonly osRelease: Readonly<Record<string, string>>;
  /** In the order of dpkg's status file; empty when there is none. */
  readonly packages: readonly InstalledPackage[];
  /** Packages that dpkg left half way, each as `name (state)`; empty in a sound image. */
  readonly unfinishedPackages: readonly string[];
  /** The same packages, the largest first. */
  readonly packagesBySize: readonly InstalledPackage[];
  /** Versions of the kernels in `/boot`, the newest last. */
  readonly kernels: readonly string[];
  /** Content of `files.txt`; see {@link renderFileList}. Its digest tells whether two images hold the same. */
  readonly fileList: string;
  readonly fileCount: number;
  /** Content of all files, in bytes, hard links counted once. */
  readonly contentBytes: number;
  /** Bytes of content in and below each directory of the first two levels, the largest first. */
  readonly directorySizes: readonly DirectorySize[];
  /** Every file, parents first. */
  readonly files: readonly GuestFile[];
  /** Content by path of the small files for which {@link isKeptText} holds and that are text. May hold secrets. */
  readonly texts: ReadonlyMap<string, string>;
  /** What dpkg says of the files. */
  readonly packageDatabase: PackageDatabase;
}

/** How much a directory and everything below it holds. */
export interface DirectorySize {
  readonly path: string;
  readonly sizeBytes: number;
}

/** A compressed changelog of an installed package. */
export interface GuestChangelog {
  /** Name of the directory below `/usr/share/doc`, which is the binary package's name. */
  readonly packageName: string;
  /** `changelog.Debian.gz`, `changelog.gz`, … */
  readonly fileName: string;
  /** As it stands in the image: gzip. */
  readonly data: Buffer;
}

/**
 * Packages, files with digests, kernels and sizes of a raw disk. Only what files hold is read; memory does not grow
 * with their size. The disk must not be in use, and its journal clean.
 *
 * Raises `E_EXT4_*`, `E_VOLUME_TRUNCATED`, `E_DEB822_INVALID` and `E_DPKG_STATUS_INVALID` for a disk that is damaged.
 * @param partitionOffsetBytes where the root file system begins; {@link readRootPartitionOffset} finds it
 */
export async function readGuest(
  rawDiskPath: string,
  partitionOffsetBytes: number,
  options: ReadGuestOptions = {},
): Promise<GuestContent> {
  return withFileSystem(rawDiskPath, partitionOffsetBytes, async (volume) => {
    const status = parseDpkgStatus(await readTextIfThere(volume, '/var/lib/dpkg/status'));
    const osRelease = parseOsRelease(await readTextIfThere(volume, '/etc/os-release'));
    const entries: Ext4Entry[] = [];
    for await (const entry of volume.walk()) entries.push(entry);
    const read = await readContents(volume, entries, options);
    const files = entries.map((entry) => guestFile(entry, read.digests.get(entry.inode)));
    const contents = distinctFiles(entries);
    return {
      uuid: volume.uuid,
      label: volume.label,
      osRelease,
      packages: status.installed,
      unfinishedPackages: status.unfinished,
      packagesBySize: status.installed.toSorted((a, b) => b.installedSizeKiB - a.installedSizeKiB),
      kernels: kernelVersions(entries),
      fileList: renderFileList(files),
      fileCount: entries.length,
      contentBytes: contents.reduce((sum, { size }) => sum + size, 0),
      directorySizes: directorySizes(contents),
      files,
      texts: textsWhere(entries, read.texts, isKeptText),
      packageDatabase: parsePackageDatabase(
        textsWhere(entries, read.texts, ({ path }) => isDatabaseFile(path)),
        canonicalPaths(files),
      ),
    };
  });
}

/** The changelogs that a disk still holds, in order of package name. Raises as {@link readGuest}. */
export async function* readChangelogs(
  rawDiskPath: string,
  partitionOffsetBytes: number,
): AsyncGenerator<GuestChangelog> {
  const handle = await open(rawDiskPath, 'r');
  try {
    const volume = await openExt4(readerOf(handle), partitionOffsetBytes);
    if ((await volume.stat(DOCUMENTATION))?.type !== 'directory') return;
    for (const packageName of await volume.readdir(DOCUMENTATION)) {
      const directory = `${DOCUMENTATION}/${packageName}`;
      // A link means that the package shares another one's documentation, which has its own turn.
      if ((await volume.stat(directory))?.type !== 'directory') continue;
      for (const fileName of await volume.readdir(directory)) {
        const path = `${directory}/${fileName}`;
        if (!/^changelog.*\.gz$/.test(fileName) || (await volume.stat(path))?.type !== 'file') continue;
        yield { packageName, fileName, data: await volume.readFile(path) };
      }
    }
  } finally {
    await handle.close();
  }
}

/** Where the root file system of a raw disk begins, in bytes. Raises `E_MBR_INVALID` and `E_GPT_INVALID`. */
export async function readRootPartitionOffset(rawDiskPath: string): Promise<number> {
  const handle = await open(rawDiskPath, 'r');
  try {
    const start = await readerOf(handle)(0, GPT_START_SECTORS * SECTOR_BYTES);
    if (start.length >= SECTOR_BYTES && isProtectiveMbr(start)) return gptRootOffset(parseGpt(start));
    return rootPartitionOffset(parseMbr(start));
  } finally {
    await handle.close();
  }
}

const DOCUMENTATION = '/usr/share/doc';

/** Opens the file system of a raw disk for one use. Raises what opening it raises. */
export async function withFileSystem<T>(
  path: string,
  offset: number,
  use: (volume: Ext4FileSystem) => Promise<T>,
): Promise<T> {
  const handle = await open(path, 'r');
  try {
    return await use(await openExt4(readerOf(handle), offset));
  } finally {
    await handle.close();
  }
}

/** Reads pieces of a file, shorter at its end. */
export function readerOf(handle: FileHandle): ReadAt {
  return async (offset, length) => {
    const buffer = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  };
}

async function readTextIfThere(volume: Ext4FileSystem, path: string): Promise<string> {
  return (await volume.stat(path)) ? (await volume.readFile(path)).toString('utf8') : '';
}

function guestFile({ inode: _inode, ...entry }: Ext4Entry, digests: Digests | undefined): GuestFile {
  return { ...entry, ...digests };
}

function kernelVersions(entries: readonly Ext4Entry[]): string[] {
  const names = entries.map(({ path }) => /^\/boot\/vmlinuz-(.+)$/.exec(path)?.[1]);
  return names.filter((name) => name !== undefined).toSorted(compareDebianVersions);
}

function directorySizes(files: readonly Ext4Entry[]): DirectorySize[] {
  const sizes = new Map<string, number>();
  for (const { path, size } of files) {
    const [, first, second, ...rest] = path.split('/');
    const places = ['/'];
    if (second !== undefined) places.push(`/${first}`);
    if (rest.length > 0) places.push(`/${first}/${second}`);
    for (const place of places) sizes.set(place, (sizes.get(place) ?? 0) + size);
  }
  return Array.from(sizes, ([path, sizeBytes]) => ({ path, sizeBytes })).toSorted(
    (a, b) => b.sizeBytes - a.sizeBytes || (a.path < b.path ? -1 : 1),
  );
}
