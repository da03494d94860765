import type { DiskOptions, FinishOptions, Output } from '../profiles/profile.ts';
import { MIB } from '../values/byte-size.ts';

/** Where a build writes much: the cache, its run directory, the catalogue. */
export type Place = 'cache' | 'runs' | 'catalogue';

/** The most that each place holds in one part of a build beyond what it held before, in bytes. */
export type SpacePhase = Readonly<Record<Place, number>>;

/** What the space for one build is estimated from. */
export interface DiskFacts {
  /** Packages that have to be downloaded. */
  readonly missingDebBytes: number;
  /** What the packages come to when they are installed (`Installed-Size`). */
  readonly installedBytes: number;
  /** Size of the base's files, where the cache has it already. */
  readonly cachedBaseBytes?: number | undefined;
  /** Where mmdebstrap makes the tree. */
  readonly scratch: 'memory' | 'disk';
  readonly disk: Pick<DiskOptions, 'sizeMiB' | 'layout'>;
  readonly sparsify: FinishOptions['sparsify'];
  readonly outputs: readonly Pick<Output, 'compression' | 'outer'>[];
}

/*
 * Measured on real builds of two built-in profiles, by sampling `du` and /proc/meminfo twice a second
 * (Debian 12, two cores, TCG; sizes in MiB):
 *
 *                                           server   kvm (system VM)
 *   packages to download                       107       249
 *   Installed-Size of all packages             316      1096
 *   work directory at most, tree in memory     798         -    without the packages
 *   work directory at most, tree on disk         -      3517    without the packages
 *   tree on disk, before the disks are made      -      1470
 *   memory for the tree (tmpfs)                469         -
 *   files of the base                          346      1143
 *   run: overlay after the provisioners          4         5
 *   run: raw disk after finish                 327      1118
 *   run: copy by virt-sparsify                   -      1115
 *   catalogue: qcow2, zlib                     146       392
 *   catalogue: records beside it                 9        20
 *   memory: bootstrap, tree included           642         -
 *   memory: Packer with a guest of 1024       1223         -    guest, QEMU, Packer and Node together
 *   memory: finish, virt-sparsify              697         -
 */

/** A filled filesystem takes as much as the packages say (327 of 316, 1118 of 1096) and its own tables. */
const DISK_PER_INSTALLED = 1.05;
/** Kernel, initrd and changelogs beside the base disk, and the filesystem's tables. */
const BASE_EXTRA_BYTES = 32 * MIB;
/** What the EFI system partition holds at most, with shim and GRUB in both of their places (9.3 MB), and its tables. */
const ESP_BYTES = 10 * MIB;
/** The raw disk and the qcow2 made of it stand side by side (2 × 1118 of 1096) with room that is given back at once. */
const DISKS_PER_INSTALLED = 2.1;
const WORK_EXTRA_BYTES = 128 * MIB;
/** The tree holds the packages' files, the .debs they come from and the boot loader's scratch files (1470 of 1096, 469 of 316). */
const TREE_PER_INSTALLED = 1.45;
/** What provisioners write is not known; those of the built-ins write 5 MiB. */
const OVERLAY_BYTES = 64 * MIB;
/** zlib and zstd leave 0.35 (system VM) to 0.45 (server) of the disk. */
const COMPRESSED_PER_DISK = 0.45;
/** Lists, changelogs, logs and checksums beside the artifacts. */
const RECORDS_BYTES = 32 * MIB;
/** Packages differ, and two samples a second miss the very top. */
const RESERVE = 1.25;

/** QEMU with its translated code, Packer and Node beside the guest's own memory: 200 MiB measured, for larger guests more. */
const MACHINE_EXTRA_BYTES = 384 * MIB;
/** virt-sparsify's appliance and reading the guest, which do not depend on the profile: 697 MiB measured. */
const FINISH_BYTES = 872 * MIB;
/** mmdebstrap and Node beside the tree: 173 MiB measured. */
const BOOTSTRAP_EXTRA_BYTES = 216 * MIB;

/**
 * What a build writes at most, in each of its large parts: while the base disk is made, while the finished disk is
 * converted, and when the artifacts are filed. What one part leaves behind is counted in the next, too; filed artifacts
 * are links where run and catalogue share a disk, so that they count in one place only. Each disk is bounded by its virtual
 * size, whatever the packages say; swap holds nothing but its header.
 */
export function planSpace(facts: DiskFacts): readonly SpacePhase[] {
  const ceiling = facts.disk.sizeMiB * MIB;
  const bounded = (bytes: number): number => Math.min(bytes * RESERVE, ceiling);
  const isCached = facts.cachedBaseBytes !== undefined;
  const espBytes = facts.disk.layout === 'bios' ? 0 : ESP_BYTES;
  const diskBytes = bounded(facts.installedBytes * DISK_PER_INSTALLED + espBytes);
  const baseBytes = facts.cachedBaseBytes ?? diskBytes + BASE_EXTRA_BYTES;
  // Taken from the cache, its size is known and needs no reserve.
  const finishedBytes = Math.min((isCached ? baseBytes : diskBytes) + OVERLAY_BYTES, ceiling);
  const copies = facts.sparsify === 'copy' ? 2 : 1;
  const cache = isCached ? 0 : facts.missingDebBytes + baseBytes;
  const disks = baseBytes + Math.min(OVERLAY_BYTES, ceiling) + copies * finishedBytes;
  const artifacts = sumOf(facts.outputs.map((output) => artifactBytes(output, finishedBytes)));
  const unpacked = sumOf(facts.outputs.map((output) => unpackedBytes(output, finishedBytes)));
  const later: SpacePhase[] = [
    { cache, runs: disks + artifacts + unpacked, catalogue: 0 },
    { cache, runs: disks, catalogue: artifacts + RECORDS_BYTES },
  ];
  return isCached ? later : [{ cache: bootstrapBytes(facts), runs: 0, catalogue: 0 }, ...later];
}

function bootstrapBytes({ missingDebBytes, installedBytes, scratch, disk }: DiskFacts): number {
  const images = Math.min(installedBytes * DISKS_PER_INSTALLED * RESERVE, 2 * disk.sizeMiB * MIB);
  const tree = scratch === 'disk' ? installedBytes * TREE_PER_INSTALLED * RESERVE : 0;
  return missingDebBytes + images + tree + WORK_EXTRA_BYTES;
}

function artifactBytes({ compression, outer }: Pick<Output, 'compression' | 'outer'>, disk: number): number {
  return compression === 'none' && outer === 'none' ? disk : disk * COMPRESSED_PER_DISK * RESERVE;
}

/** An image stands beside what it is packed into until that has been compared. */
function unpackedBytes({ compression, outer }: Pick<Output, 'compression' | 'outer'>, disk: number): number {
  if (outer === 'none') return 0;
  return compression === 'none' ? disk : disk * COMPRESSED_PER_DISK * RESERVE;
}

/** The most that a build needs on a file system that holds these places, in bytes. */
export function peakBytes(phases: readonly SpacePhase[], places: readonly Place[]): number {
  return Math.ceil(Math.max(0, ...phases.map((phase) => sumOf(places.map((place) => phase[place])))));
}

/** Memory that a build cannot do without: a guest in QEMU, with Packer and us beside it. In bytes. */
export function machineMemoryBytes(vm: { readonly memoryMiB: number }): number {
  return Math.max(vm.memoryMiB * MIB + MACHINE_EXTRA_BYTES, FINISH_BYTES);
}

/** Memory that making a base takes, with the tree in memory or on disk. In bytes. */
export function bootstrapMemoryBytes(facts: Pick<DiskFacts, 'installedBytes' | 'scratch'>): number {
  const tree = facts.scratch === 'memory' ? facts.installedBytes * TREE_PER_INSTALLED * RESERVE : 0;
  return Math.ceil(BOOTSTRAP_EXTRA_BYTES + tree);
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}
