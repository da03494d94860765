import { FAT_ATTRIBUTES, FAT_ENTRY_BYTES, renderEntries, shortName, type FatEntry } from './fat-directory.ts';
import {
  FAT_COPIES,
  FAT_FIRST_CLUSTER,
  FAT_RESERVED_SECTORS,
  FAT_SECTOR_BYTES,
  invalidFat,
  planFat,
  type FatLayout,
} from './fat-layout.ts';

/** What a volume is told apart by, and where it lies. */
export interface FatIdentity {
  readonly sizeBytes: number;
  /** Where the partition begins on the disk, in bytes. */
  readonly offsetBytes: number;
  /** 32 bits; Linux shows them as the UUID `ABCD-1234`. */
  readonly volumeId: number;
  /** At most eleven capital letters. */
  readonly label: string;
  /** Time of every file and directory, in seconds since the epoch. */
  readonly epochSeconds: number;
}

/** A file of a volume. */
export interface FatFile {
  /** Directories and name, such as `EFI/BOOT/BOOTX64.EFI`; each part is a short name. */
  readonly path: string;
  readonly data: Buffer;
}

/** Bytes of a volume, by their place in it; what is between them is zero. */
export interface FatPiece {
  readonly offsetBytes: number;
  readonly bytes: Buffer;
}

/** Marks the last cluster of a file. */
const END_OF_CHAIN = 0x0fff_ffff;
/** First entry of a table: the media descriptor of a fixed disk, filled up with ones. */
const MEDIA_ENTRY = 0x0fff_fff8;
const MEDIA = 0xf8;
const ROOT_CLUSTER = FAT_FIRST_CLUSTER;
const INFO_SECTOR = 1;
const BACKUP_SECTOR = 6;

/** A directory while the volume is filled. */
interface Directory {
  readonly directories: Map<string, Directory>;
  readonly files: Map<string, Buffer>;
}

/**
 * A FAT32 volume with these files, for a disk that is zero elsewhere. Equal inputs give equal bytes, in whatever order
 * the files are named.
 *
 * Raises `E_FAT_INVALID` for a size that is none of FAT32, a name that is no short one, and files that do not fit.
 */
export function renderFatVolume(identity: FatIdentity, files: readonly FatFile[]): FatPiece[] {
  const layout = planFat(identity.sizeBytes);
  const writer = new ClusterWriter(layout);
  const tree = planTree(files);
  writer.claim(entryCount(tree) + 1);
  writeDirectory(tree, { cluster: ROOT_CLUSTER, parent: undefined }, identity, writer);
  const boot = renderBootSectors(identity, layout, writer.used);
  const table = writer.renderTable();
  const copies = Array.from({ length: FAT_COPIES }, (_, copy) => ({
    offsetBytes: (FAT_RESERVED_SECTORS + copy * layout.sectorsPerFat) * FAT_SECTOR_BYTES,
    bytes: table,
  }));
  return [{ offsetBytes: 0, bytes: boot }, ...copies, ...writer.pieces];
}

function planTree(files: readonly FatFile[]): Directory {
  const root: Directory = { directories: new Map(), files: new Map() };
  for (const { path, data } of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const parts = path.split('/');
    let place = root;
    for (const part of parts.slice(0, -1)) {
      const next = place.directories.get(part) ?? { directories: new Map(), files: new Map() };
      place.directories.set(part, next);
      place = next;
    }
    place.files.set(parts.at(-1) ?? '', data);
  }
  return root;
}

function entryCount({ directories, files }: Directory): number {
  return directories.size + files.size;
}

/** Writes what is in a directory, then the directory itself into the clusters that were claimed for it. */
function writeDirectory(
  directory: Directory,
  place: { readonly cluster: number; readonly parent: number | undefined },
  identity: FatIdentity,
  writer: ClusterWriter,
): void {
  const { cluster, parent } = place;
  const folder = { attributes: FAT_ATTRIBUTES.directory, sizeBytes: 0 };
  const entries: FatEntry[] =
    parent === undefined
      ? [{ ...folder, name: padded(identity.label), attributes: FAT_ATTRIBUTES.volumeLabel, cluster: 0 }]
      : [
          { ...folder, name: padded('.'), cluster },
          { ...folder, name: padded('..'), cluster: parent === ROOT_CLUSTER ? 0 : parent },
        ];
  for (const [name, child] of directory.directories) {
    const first = writer.claim(entryCount(child) + 2);
    writeDirectory(child, { cluster: first, parent: cluster }, identity, writer);
    entries.push({ ...folder, ...shortName(name), cluster: first });
  }
  for (const [name, data] of directory.files) {
    const first = data.length === 0 ? 0 : writer.append(data);
    const { archive } = FAT_ATTRIBUTES;
    entries.push({ ...shortName(name), attributes: archive, cluster: first, sizeBytes: data.length });
  }
  writer.write(cluster, renderEntries(entries, identity.epochSeconds));
}

function padded(name: string): Buffer {
  return Buffer.from(name.padEnd(11), 'latin1');
}

/** Gives out clusters one after the other, and keeps their chains. */
class ClusterWriter {
  readonly pieces: FatPiece[] = [];
  readonly #layout: FatLayout;
  readonly #table: number[] = [MEDIA_ENTRY, END_OF_CHAIN];

  constructor(layout: FatLayout) {
    this.#layout = layout;
  }

  /** Clusters that hold something. */
  get used(): number {
    return this.#table.length - FAT_FIRST_CLUSTER;
  }

  /** Takes clusters for a directory of so many entries; returns the first. */
  claim(entries: number): number {
    return this.#take(Math.max(1, Math.ceil((entries * FAT_ENTRY_BYTES) / FAT_SECTOR_BYTES)));
  }

  /** Writes a file behind all others; returns its first cluster. */
  append(data: Buffer): number {
    const first = this.#take(Math.ceil(data.length / FAT_SECTOR_BYTES));
    this.write(first, data);
    return first;
  }

  write(cluster: number, bytes: Buffer): void {
    const sector = this.#layout.dataSector + cluster - FAT_FIRST_CLUSTER;
    this.pieces.push({ offsetBytes: sector * FAT_SECTOR_BYTES, bytes });
  }

  renderTable(): Buffer {
    const bytes = Buffer.alloc(this.#table.length * 4);
    for (const [index, entry] of this.#table.entries()) bytes.writeUInt32LE(entry, index * 4);
    return bytes;
  }

  #take(count: number): number {
    const first = this.#table.length;
    if (this.used + count > this.#layout.clusters) {
      throw invalidFat(`its files do not fit into ${this.#layout.sectors * FAT_SECTOR_BYTES} bytes`);
    }
    for (let next = 1; next < count; next += 1) this.#table.push(first + next);
    this.#table.push(END_OF_CHAIN);
    return first;
  }
}

/** The boot sector and the sector that counts free clusters, and the copies of both. */
function renderBootSectors(identity: FatIdentity, layout: FatLayout, used: number): Buffer {
  const bytes = Buffer.alloc((BACKUP_SECTOR + 2) * FAT_SECTOR_BYTES);
  renderBootSector(identity, layout).copy(bytes);
  renderInfoSector(layout.clusters - used, FAT_FIRST_CLUSTER + used).copy(
    bytes,
    INFO_SECTOR * FAT_SECTOR_BYTES,
  );
  bytes.copy(bytes, BACKUP_SECTOR * FAT_SECTOR_BYTES, 0, 2 * FAT_SECTOR_BYTES);
  return bytes;
}

function renderBootSector(identity: FatIdentity, layout: FatLayout): Buffer {
  const sector = Buffer.alloc(FAT_SECTOR_BYTES);
  // Nothing boots from here: an endless loop, and the name that old systems look for.
  sector.set([0xeb, 0xfe, 0x90], 0);
  sector.write('MSWIN4.1', 3, 'latin1');
  sector.writeUInt16LE(FAT_SECTOR_BYTES, 11);
  sector.writeUInt8(1, 13);
  sector.writeUInt16LE(FAT_RESERVED_SECTORS, 14);
  sector.writeUInt8(FAT_COPIES, 16);
  sector.writeUInt8(MEDIA, 21);
  // Sectors per track and heads, as "large" disks have them.
  sector.writeUInt16LE(63, 24);
  sector.writeUInt16LE(255, 26);
  sector.writeUInt32LE(identity.offsetBytes / FAT_SECTOR_BYTES, 28);
  sector.writeUInt32LE(layout.sectors, 32);
  sector.writeUInt32LE(layout.sectorsPerFat, 36);
  sector.writeUInt32LE(ROOT_CLUSTER, 44);
  sector.writeUInt16LE(INFO_SECTOR, 48);
  sector.writeUInt16LE(BACKUP_SECTOR, 50);
  sector.set([0x80, 0, 0x29], 64);
  sector.writeUInt32LE(identity.volumeId, 67);
  padded(identity.label).copy(sector, 71);
  sector.write('FAT32   ', 82, 'latin1');
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

function renderInfoSector(free: number, next: number): Buffer {
  const sector = Buffer.alloc(FAT_SECTOR_BYTES);
  sector.write('RRaA', 0, 'latin1');
  sector.write('rrAa', 484, 'latin1');
  sector.writeUInt32LE(free, 488);
  sector.writeUInt32LE(next, 492);
  sector.writeUInt32LE(0xaa55_0000, 508);
  return sector;
}
