import { firstNonZero, hex, isPowerOfTwo, readLittle64, type ImageCheck } from './image-check.ts';

/** Unit of every place in the format. Source of all numbers here: VMware Virtual Disk Format 5.0. */
export const VMDK_SECTOR_BYTES = 512;

/** Header of a sparse extent; places and sizes in sectors. */
export interface VmdkHeader {
  readonly offset: number;
  readonly version: number;
  readonly flags: number;
  readonly capacity: number;
  readonly grainSectors: number;
  readonly descriptorSector: number;
  readonly descriptorSectors: number;
  readonly redundantDirectorySector: number;
  /** {@link DIRECTORY_AT_END} when a footer tells. */
  readonly directorySector: number;
  readonly overheadSectors: number;
}

/** Directory's place in the header of a stream whose footer knows better. */
export const DIRECTORY_AT_END = 2 ** 64;

/** Entries of one grain table, fixed by the specification. */
export const TABLE_ENTRIES = 512;

/** Flags with the names people know. */
const FLAGS: readonly (readonly [number, string])[] = [
  [1 << 0, 'newline test'],
  [1 << 1, 'redundant grain directory'],
  [1 << 2, 'zeroed grains'],
  [1 << 16, 'compressed'],
  [1 << 17, 'markers'],
];

/** Largest grain: 16 times the usual one of 64 KiB. */
const MOST_GRAIN_SECTORS = 2048;
/** Largest disk of vSphere 5.5 and later: 62 TiB. */
const MOST_SECTORS = (62 * 2 ** 40) / VMDK_SECTOR_BYTES;

/** Most grains that tables are read for: those of 64 TiB at 64 KiB, the usual size. */
const MOST_GRAINS = 2 ** 30;

/** Whether a flag of {@link VmdkHeader.flags} is set, by its bit. */
export function hasFlag({ flags }: Pick<VmdkHeader, 'flags'>, bit: number): boolean {
  return (flags & (1 << bit)) !== 0;
}

/** Whether grains are compressed and come with markers, as in a stream. */
export function isStream(header: Pick<VmdkHeader, 'flags'>): boolean {
  return hasFlag(header, 16) && hasFlag(header, 17);
}

/** Names of all flags that are set. */
export function flagNames({ flags }: Pick<VmdkHeader, 'flags'>): string[] {
  return FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
}

/** Reads the header at `offset` and judges it; undefined when the tables cannot be read by it. */
export function parseVmdkHeader(bytes: Buffer, offset: number, check: ImageCheck): VmdkHeader | undefined {
  const header = {
    offset,
    version: bytes.readUInt32LE(4),
    flags: bytes.readUInt32LE(8),
    capacity: readLittle64(bytes, 12),
    grainSectors: readLittle64(bytes, 20),
    descriptorSector: readLittle64(bytes, 28),
    descriptorSectors: readLittle64(bytes, 36),
    redundantDirectorySector: readLittle64(bytes, 48),
    directorySector: readLittle64(bytes, 56),
    overheadSectors: readLittle64(bytes, 64),
  };
  checkDetails(bytes, header, check);
  return isUsable(header, bytes.readUInt32LE(44), check) ? header : undefined;
}

function checkDetails(bytes: Buffer, header: VmdkHeader, check: ImageCheck): void {
  const { offset, version, flags } = header;
  if (version < 1 || version > 3) check.damage(offset + 4, 'version', `is ${version}, not 1, 2 or 3`);
  const known = FLAGS.reduce((sum, [bit]) => sum | bit, 0);
  if ((flags & ~known) !== 0) check.damage(offset + 8, 'flags', `have unknown bits: ${hex(flags)}`);
  if (!hasFlag(header, 0)) check.breach(offset + 8, 'flags', 'lack the newline test');
  if (hasFlag(header, 16) !== hasFlag(header, 17)) {
    check.breach(offset + 8, 'flags', `say either compressed or markers, not both: ${hex(flags)}`);
  }
  const newlines = bytes.toString('latin1', 73, 77);
  if (newlines !== '\n \r\n') check.damage(offset + 73, 'newline test', 'was changed by a transfer as text');
  if (bytes[72] !== 0) check.breach(offset + 72, 'unclean shutdown', `is ${bytes[72]}`);
  const algorithm = bytes.readUInt16LE(77);
  if (algorithm !== (hasFlag(header, 16) ? 1 : 0)) {
    check.damage(offset + 77, 'compression algorithm', `is ${algorithm}, which does not go with the flags`);
  }
  const dirty = firstNonZero(bytes.subarray(79));
  if (dirty !== undefined) check.damage(offset + 79 + dirty, 'padding', 'is not zero');
}

function isUsable(header: VmdkHeader, tableEntries: number, check: ImageCheck): boolean {
  const { offset, capacity, grainSectors, overheadSectors } = header;
  let usable = true;
  const refuse = (at: number, field: string, message: string): void => {
    check.damage(offset + at, field, message);
    usable = false;
  };
  if (capacity === 0) refuse(12, 'capacity', 'is 0');
  if (capacity > MOST_SECTORS) refuse(12, 'capacity', `is ${capacity} sectors, above 62 TiB`);
  if (!isPowerOfTwo(grainSectors) || grainSectors < 8 || grainSectors > MOST_GRAIN_SECTORS) {
    refuse(20, 'grain size', `is ${grainSectors} sectors, no power of two from 8 to ${MOST_GRAIN_SECTORS}`);
  }
  if (capacity / grainSectors > MOST_GRAINS)
    refuse(20, 'grain size', `gives more than ${MOST_GRAINS} grains`);
  if (tableEntries !== TABLE_ENTRIES) {
    refuse(44, 'entries of a grain table', `are ${tableEntries}, not ${TABLE_ENTRIES}`);
  }
  if (overheadSectors === 0 || overheadSectors * VMDK_SECTOR_BYTES > check.sizeBytes) {
    refuse(64, 'overhead', `is ${overheadSectors} sectors, outside the file`);
  }
  return usable;
}
