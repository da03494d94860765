import type { Extent } from './extents.ts';
import { firstNonZero, hex, isPowerOfTwo, readBig64, readText, type ImageCheck } from './image-check.ts';
import { VHD_SECTOR_BYTES, vhdChecksum, type VhdFooter } from './vhd-footer.ts';

/** What the header of a dynamic or differencing disk says. */
export interface VhdHeader {
  readonly offset: number;
  readonly batOffset: number;
  readonly batEntries: number;
  readonly blockBytes: number;
  /** Parent's name of a differencing disk, as it stands there. */
  readonly parentName: string;
  /** Where parent locators keep their data. */
  readonly locators: readonly Extent[];
}

/** Bytes of the header. */
export const VHD_HEADER_BYTES = 1024;

const ALL_ONES = 2 ** 64;
const TABLE_ENTRY_BYTES = 4;
/** Blocks of the largest disk the format can have, 2040 GiB, with blocks of 512 KiB, the smallest in use. */
const MOST_BLOCKS = 2040 * 2048;
/** Largest block: four times what any known writer takes. */
const MOST_BLOCK_BYTES = 8 * 1024 * 1024;

/** Reads and judges the header that a footer points at; undefined when it cannot be read or makes no sense. */
export async function readVhdHeader(footer: VhdFooter, check: ImageCheck): Promise<VhdHeader | undefined> {
  const offset = footer.headerOffset;
  if (offset % VHD_SECTOR_BYTES !== 0 || offset < VHD_SECTOR_BYTES) {
    check.damage(footer.offset + 16, 'data offset', `is ${offset}, no sector behind the footer's copy`);
    return undefined;
  }
  const bytes = await check.read(offset, VHD_HEADER_BYTES, 'dynamic disk header');
  if (!bytes) return undefined;
  checkFixedFields(bytes, offset, check);
  checkParent(bytes, { offset, differencing: footer.type === 4 }, check);
  const header = {
    offset,
    batOffset: readBig64(bytes, 16),
    batEntries: bytes.readUInt32BE(28),
    blockBytes: bytes.readUInt32BE(32),
    parentName: readParentName(bytes),
    locators: readLocators(bytes),
  };
  return isUsable(header, footer, check) ? header : undefined;
}

function checkFixedFields(bytes: Buffer, offset: number, check: ImageCheck): void {
  if (bytes.toString('latin1', 0, 8) !== 'cxsparse')
    check.damage(offset, 'header cookie', 'is not "cxsparse"');
  check.checksum('header checksum', offset + 36, {
    stated: bytes.readUInt32BE(36),
    computed: vhdChecksum(bytes, 36),
  });
  if (readBig64(bytes, 8) !== ALL_ONES) check.damage(offset + 8, 'data offset', 'is not all ones');
  const version = bytes.readUInt32BE(24);
  if (version !== 0x10000) check.damage(offset + 24, 'header version', `is ${hex(version)}, not 1.0`);
  if (bytes.readUInt32BE(60) !== 0) check.damage(offset + 60, 'reserved', 'is not zero');
  const dirty = firstNonZero(bytes.subarray(768));
  if (dirty !== undefined) check.damage(offset + 768 + dirty, 'reserved', 'is not zero');
}

/** A disk that is not differencing says nothing about a parent. */
function checkParent(bytes: Buffer, at: { offset: number; differencing: boolean }, check: ImageCheck): void {
  if (at.differencing) return;
  const fields: readonly [string, number, number][] = [
    ['parent unique id', 40, 56],
    ['parent time stamp', 56, 60],
    ['parent unicode name', 64, 576],
    ['parent locators', 576, 768],
  ];
  for (const [field, from, to] of fields) {
    const dirty = firstNonZero(bytes.subarray(from, to));
    if (dirty !== undefined)
      check.damage(at.offset + from + dirty, field, 'is set, but the disk has no parent');
  }
}

function readParentName(bytes: Buffer): string {
  const name = Buffer.from(bytes.subarray(64, 576)).swap16().toString('utf16le');
  return readText(Buffer.from(name, 'latin1'));
}

function readLocators(bytes: Buffer): Extent[] {
  return [0, 1, 2, 3, 4, 5, 6, 7].flatMap((index) => {
    const at = 576 + index * 24;
    if (bytes.readUInt32BE(at) === 0) return [];
    const space = bytes.readUInt32BE(at + 4);
    const length = space >= VHD_SECTOR_BYTES ? space : space * VHD_SECTOR_BYTES;
    return [{ offset: readBig64(bytes, at + 16), length, name: `parent locator ${index}` }];
  });
}

/** Whether tables can be read by it. */
function isUsable(header: VhdHeader, footer: VhdFooter, check: ImageCheck): boolean {
  const { offset, batOffset, batEntries, blockBytes } = header;
  let usable = true;
  const refuse = (at: number, field: string, message: string): void => {
    check.damage(offset + at, field, message);
    usable = false;
  };
  if (!isPowerOfTwo(blockBytes) || blockBytes < VHD_SECTOR_BYTES || blockBytes > MOST_BLOCK_BYTES) {
    refuse(32, 'block size', `is ${blockBytes}, no power of two from 512 to ${MOST_BLOCK_BYTES}`);
  }
  if (batOffset % VHD_SECTOR_BYTES !== 0 || batOffset === 0) {
    refuse(16, 'table offset', `is ${batOffset}, no sector behind the headers`);
  }
  if (batEntries > MOST_BLOCKS) refuse(28, 'max table entries', `are ${batEntries}, more than any disk has`);
  const wanted = Math.ceil(footer.currentSizeBytes / blockBytes);
  if (!(wanted <= batEntries)) {
    refuse(28, 'max table entries', `are ${batEntries}, fewer than the ${wanted} blocks of the disk`);
  }
  if (!(batOffset + batEntries * TABLE_ENTRY_BYTES <= check.sizeBytes - VHD_SECTOR_BYTES)) {
    refuse(16, 'table offset', `is ${batOffset}: the table of ${batEntries} entries runs into the footer`);
  }
  return usable;
}
