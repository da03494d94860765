import { isPowerOfTwo, readLittle64, type ImageCheck } from './image-check.ts';
import { readGuid, VHDX_ALIGNMENT, type VhdxRegion } from './vhdx-headers.ts';

/** What the metadata says of the disk. */
export interface VhdxMetadata {
  readonly blockBytes: number;
  readonly fixed: boolean;
  readonly hasParent: boolean;
  readonly virtualSizeBytes: number;
  readonly logicalSectorBytes: number;
  readonly physicalSectorBytes: number;
  readonly diskId: string;
}

/** Items that a reader must know ([MS-VHDX] 2.6.2), with the length of those that have one. */
const ITEMS: Readonly<Record<string, readonly [keyof RawItems | 'parentLocator', number | undefined]>> = {
  'caa16737-fa36-4d43-b3b6-33f0aa44e76b': ['fileParameters', 8],
  '2fa54224-cd1b-4876-b211-5dbed83bf4b8': ['virtualSize', 8],
  '8141bf1d-a96f-4709-ba47-f233a8faab5f': ['logicalSector', 4],
  'cda348c7-445d-4471-9cc9-e9885251c556': ['physicalSector', 4],
  'beca12ab-b2e6-4523-93ef-c309e000c746': ['diskId', 16],
  'a8d35f2d-b30b-454d-abf7-d3d84834ab0c': ['parentLocator', undefined],
};

interface RawItems {
  readonly fileParameters: Buffer;
  readonly virtualSize: Buffer;
  readonly logicalSector: Buffer;
  readonly physicalSector: Buffer;
  readonly diskId: Buffer;
}

const TABLE_BYTES = 64 * 1024;
const MOST_ENTRIES = 2047;
/** 64 TiB ([MS-VHDX] 2.6.2.2). */
const MOST_BYTES = 64 * 2 ** 40;
const MOST_BLOCK_BYTES = 256 * VHDX_ALIGNMENT;

/** Reads and judges the metadata region; undefined when the table of blocks cannot be read by it. */
export async function readVhdxMetadata(
  region: VhdxRegion,
  check: ImageCheck,
): Promise<VhdxMetadata | undefined> {
  const table = await check.read(region.offset, TABLE_BYTES, 'metadata table');
  if (!table) return undefined;
  if (table.toString('latin1', 0, 8) !== 'metadata') {
    check.damage(region.offset, 'metadata signature', 'is not "metadata"');
    return undefined;
  }
  const items = await readItems(table, region, check);
  const missing = ['fileParameters', 'virtualSize', 'logicalSector', 'physicalSector', 'diskId'].filter(
    (name) => !items.has(name),
  );
  for (const name of missing) check.damage(region.offset, 'metadata', `lacks ${name}`);
  return missing.length > 0 ? undefined : judge(items, region, check);
}

async function readItems(table: Buffer, region: VhdxRegion, check: ImageCheck): Promise<Map<string, Buffer>> {
  const items = new Map<string, Buffer>();
  const count = table.readUInt16LE(10);
  if (count > MOST_ENTRIES)
    check.damage(region.offset + 10, 'EntryCount', `is ${count}, above ${MOST_ENTRIES}`);
  for (let index = 0; index < Math.min(count, MOST_ENTRIES); index += 1) {
    const at = 32 + index * 32;
    const place = region.offset + at;
    const guid = readGuid(table, at);
    const [name, wanted] = ITEMS[guid] ?? [];
    const [offset, length] = [table.readUInt32LE(at + 16), table.readUInt32LE(at + 20)];
    const required = (table.readUInt32LE(at + 24) & 4) !== 0;
    if (name === undefined) {
      if (/^[0-]*$/.test(guid)) check.damage(place, 'metadata item', 'has a null identifier');
      if (required) check.damage(place, 'metadata item', `${guid} is required, but unknown`);
      continue;
    }
    if (items.has(name)) check.damage(place, 'metadata item', `${name} comes twice`);
    if (!required) check.breach(place + 24, 'metadata item', `${name} is not marked as required`);
    const inside = offset >= TABLE_BYTES && offset + length <= region.length;
    if (!inside || (wanted !== undefined && length !== wanted)) {
      check.damage(place + 16, 'metadata item', `${name} has ${length} bytes at ${offset} of its region`);
      continue;
    }
    const bytes = await check.read(region.offset + offset, wanted ?? 0, name);
    if (bytes) items.set(name, bytes);
  }
  return items;
}

function judge(
  items: ReadonlyMap<string, Buffer>,
  region: VhdxRegion,
  check: ImageCheck,
): VhdxMetadata | undefined {
  const item = (name: keyof RawItems): Buffer => items.get(name) ?? Buffer.alloc(16);
  const flags = item('fileParameters').readUInt32LE(4);
  const metadata = {
    blockBytes: item('fileParameters').readUInt32LE(0),
    fixed: (flags & 1) !== 0,
    hasParent: (flags & 2) !== 0,
    virtualSizeBytes: readLittle64(item('virtualSize'), 0),
    logicalSectorBytes: item('logicalSector').readUInt32LE(0),
    physicalSectorBytes: item('physicalSector').readUInt32LE(0),
    diskId: readGuid(item('diskId'), 0),
  };
  let usable = true;
  const refuse = (field: string, message: string): void => {
    check.damage(region.offset, field, message);
    usable = false;
  };
  const { blockBytes, virtualSizeBytes: size, logicalSectorBytes: logical } = metadata;
  if (!isPowerOfTwo(blockBytes) || blockBytes < VHDX_ALIGNMENT || blockBytes > MOST_BLOCK_BYTES) {
    refuse('BlockSize', `is ${blockBytes}, no power of two from 1 to 256 MiB`);
  }
  if ((flags & ~3) !== 0) check.damage(region.offset, 'FileParameters', `have unknown flags: ${flags}`);
  if (logical !== 512 && logical !== 4096) refuse('LogicalSectorSize', `is ${logical}, not 512 or 4096`);
  const physical = metadata.physicalSectorBytes;
  if (physical !== 512 && physical !== 4096)
    check.damage(region.offset, 'PhysicalSectorSize', `is ${physical}`);
  if (size === 0 || size > MOST_BYTES || size % logical !== 0) {
    refuse('VirtualDiskSize', `is ${size}, not in whole sectors up to 64 TiB`);
  }
  if (/^[0-]*$/.test(metadata.diskId)) check.breach(region.offset, 'VirtualDiskId', 'is null');
  return usable ? metadata : undefined;
}
