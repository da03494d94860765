import { overlappingExtents, type Extent } from './extents.ts';
import { firstNonZero, hex, readBig64, type ImageCheck } from './image-check.ts';
import { isMadeByTap, VHD_SECTOR_BYTES, type VhdFooter } from './vhd-footer.ts';
import { VHD_HEADER_BYTES, type VhdHeader } from './vhd-header.ts';

/** A dynamic disk whose header makes sense. */
export interface VhdTables {
  readonly footer: VhdFooter;
  readonly header: VhdHeader;
  /** First sector of each block that has one. */
  readonly bat: Uint32Array;
}

/** Entry of a block that is not stored. */
export const VHD_UNUSED = 0xffffffff;

const padded = (bytes: number): number => Math.ceil(bytes / VHD_SECTOR_BYTES) * VHD_SECTOR_BYTES;

/** Bytes before each block's data: one bit for each of its sectors, in whole sectors. */
export function bitmapBytes(blockBytes: number): number {
  return padded(blockBytes / VHD_SECTOR_BYTES / 8);
}

/** Reads the block allocation table: as many entries as the disk has blocks. */
export async function readBat(footer: VhdFooter, header: VhdHeader, check: ImageCheck): Promise<VhdTables> {
  const blocks = Math.ceil(footer.currentSizeBytes / header.blockBytes);
  const bat = new Uint32Array(header.batEntries).fill(VHD_UNUSED);
  let entry = 0;
  for await (const { data } of check.pieces(
    header.batOffset,
    header.batEntries * 4,
    'block allocation table',
  )) {
    for (let at = 0; at + 4 <= data.length; at += 4) bat[entry++] = data.readUInt32BE(at);
  }
  for (let beyond = blocks; beyond < bat.length; beyond += 1) {
    if (bat[beyond] !== VHD_UNUSED && bat[beyond] !== undefined) {
      const message = `stands at sector ${bat[beyond]}, though the disk ends at block ${blocks}`;
      check.damage(header.batOffset + beyond * 4, `block ${beyond}`, message);
    }
  }
  return { footer, header, bat: bat.subarray(0, blocks) };
}

/** Checks that everything stands in its own place; returns the number of stored blocks. */
export function checkPlaces(tables: VhdTables, batmap: readonly Extent[], check: ImageCheck): number {
  const { header, bat } = tables;
  const metadata: Extent[] = [
    { offset: 0, length: VHD_SECTOR_BYTES, name: 'footer copy' },
    { offset: header.offset, length: VHD_HEADER_BYTES, name: 'dynamic disk header' },
    { offset: header.batOffset, length: padded(header.batEntries * 4), name: 'block allocation table' },
    ...batmap,
    ...header.locators,
    { offset: check.sizeBytes - VHD_SECTOR_BYTES, length: VHD_SECTOR_BYTES, name: 'footer' },
  ];
  for (const [one, other] of overlappingExtents(metadata)) {
    check.damage(other.offset, other.name, `lies in the ${one.name} at ${one.offset}`);
  }
  const headersEnd = Math.max(...metadata.slice(0, -1).map(({ offset, length }) => offset + length));
  return checkBlocks({ header, bat, headersEnd }, check);
}

function checkBlocks(
  { header, bat, headersEnd }: { header: VhdHeader; bat: Uint32Array; headersEnd: number },
  check: ImageCheck,
): number {
  const blockSectors = (bitmapBytes(header.blockBytes) + header.blockBytes) / VHD_SECTOR_BYTES;
  const end = check.sizeBytes - VHD_SECTOR_BYTES;
  const order = Uint32Array.from(bat.keys()).filter((block) => bat[block] !== VHD_UNUSED);
  order.sort((a, b) => (bat[a] ?? 0) - (bat[b] ?? 0));
  let previous: number | undefined;
  for (const block of order) {
    const sector = bat[block] ?? 0;
    const refuse = (message: string): void =>
      check.damage(header.batOffset + block * 4, `block ${block}`, `at sector ${sector} ${message}`);
    if (sector * VHD_SECTOR_BYTES < headersEnd)
      refuse(`lies in the headers, which end at byte ${headersEnd}`);
    if ((sector + blockSectors) * VHD_SECTOR_BYTES > end)
      refuse(`runs past byte ${end}, where the footer begins`);
    const before = previous === undefined ? undefined : (bat[previous] ?? 0);
    if (before !== undefined && sector < before + blockSectors)
      refuse(`overlaps block ${previous} at ${before}`);
    previous = block;
  }
  return order.length;
}

/** Creator version from which readers take it for granted that there is a batmap (libvhd's `vhd_has_batmap`). */
const BATMAP_SINCE = 0x10002;

/**
 * Checks the batmap, XenServer's own extension: one bit for each block that is written in full. Images of its tools
 * have one from version 1.2 on, and nothing else does. Returns the places it takes.
 */
export async function checkBatmap(tables: VhdTables, check: ImageCheck): Promise<readonly Extent[]> {
  const { footer, header } = tables;
  if (!isMadeByTap(footer) || footer.creatorVersion < BATMAP_SINCE) return [];
  const offset = header.batOffset + padded(header.batEntries * 4);
  const bytes = await check.read(offset, VHD_SECTOR_BYTES, 'batmap header');
  if (!bytes) return [];
  if (bytes.toString('latin1', 0, 8) !== 'tdbatmap') {
    check.damage(offset, 'batmap cookie', 'is not "tdbatmap", but creator tap from 1.2 on has a batmap');
    return [];
  }
  const version = bytes.readUInt32BE(20);
  if (version > 0x10002) check.damage(offset + 20, 'batmap version', `is ${hex(version)}, above 1.2`);
  const dirty = firstNonZero(bytes.subarray(94));
  if (dirty !== undefined) check.breach(offset + 94 + dirty, 'batmap reserved', 'is not zero');
  const map = {
    offset: readBig64(bytes, 8),
    length: bytes.readUInt32BE(16) * VHD_SECTOR_BYTES,
    name: 'batmap',
  };
  const header512 = { offset, length: VHD_SECTOR_BYTES, name: 'batmap header' };
  if (!isMapUsable(map, { at: offset, header }, check)) return [header512];
  await checkMap(map, { tables, stated: bytes.readUInt32BE(24), at: offset, version }, check);
  return [header512, map];
}

function isMapUsable(
  map: Extent,
  { at, header }: { at: number; header: VhdHeader },
  check: ImageCheck,
): boolean {
  if (map.offset === 0 || map.offset % VHD_SECTOR_BYTES !== 0) {
    check.damage(at + 8, 'batmap offset', `is ${map.offset}, no sector behind the headers`);
    return false;
  }
  if (map.length * 8 < header.batEntries || map.length === 0) {
    check.damage(at + 16, 'batmap size', `is ${map.length} bytes, too few for ${header.batEntries} blocks`);
    return false;
  }
  if (map.offset + map.length > check.sizeBytes - VHD_SECTOR_BYTES) {
    check.damage(at + 16, 'batmap size', `is ${map.length} bytes: runs into the footer`);
    return false;
  }
  return true;
}

/** Readers sum up the sectors that the disk's size needs, in blocks of 2 MiB; `vhd_checksum_batmap` in libvhd. */
async function checkMap(
  map: Extent,
  of: { tables: VhdTables; stated: number; at: number; version: number },
  check: ImageCheck,
): Promise<void> {
  const { bat, footer } = of.tables;
  const summed = padded(Math.max(1, Math.floor(footer.currentSizeBytes / 2 ** 24)));
  if (summed > map.length) {
    check.damage(of.at + 16, 'batmap size', `is ${map.length} bytes, but readers take ${summed}`);
    return;
  }
  const bits = await check.read(map.offset, summed, 'batmap');
  if (!bits) return;
  let computed = 0;
  for (const byte of bits) computed += of.version === 0x10001 && byte > 127 ? byte - 256 : byte;
  check.checksum('batmap checksum', of.at + 24, { stated: of.stated, computed: ~computed >>> 0 });
  for (const [index, byte] of bits.entries()) {
    if (byte === 0) continue;
    for (let bit = 0; bit < 8; bit += 1) {
      const block = index * 8 + bit;
      if ((byte & (0x80 >> bit)) === 0 || (bat[block] ?? VHD_UNUSED) !== VHD_UNUSED) continue;
      check.damage(map.offset + index, 'batmap', `says that block ${block} is full, which is not stored`);
    }
  }
}

/**
 * Reads every stored block: what its bitmap calls unused must be zero, because some readers take the bitmap's word and
 * others never look (`vhd-util check -b`).
 */
export async function checkBlockData({ header, bat }: VhdTables, check: ImageCheck): Promise<void> {
  const mapBytes = bitmapBytes(header.blockBytes);
  for (const [block, sector] of bat.entries()) {
    if (sector === VHD_UNUSED || sector * VHD_SECTOR_BYTES + mapBytes > check.sizeBytes) continue;
    const start = sector * VHD_SECTOR_BYTES;
    const bitmap = await check.read(start, mapBytes, `bitmap of block ${block}`);
    if (!bitmap || bitmap.every((byte) => byte === 0xff)) continue;
    let place = 0;
    for await (const { data } of check.pieces(start + mapBytes, header.blockBytes, `block ${block}`)) {
      for (let at = 0; at < data.length; at += VHD_SECTOR_BYTES, place += 1) {
        const used = ((bitmap[place >> 3] ?? 0) & (0x80 >> (place & 7))) !== 0;
        if (used || firstNonZero(data.subarray(at, at + VHD_SECTOR_BYTES)) === undefined) continue;
        check.damage(
          start + (place >> 3),
          `bitmap of block ${block}`,
          `calls sector ${place} unused, which has data`,
        );
      }
    }
  }
}
