import { BOOT_RECORD_BYTES, readBootRecord } from './boot-record.ts';
import type { ImageCheck } from './image-check.ts';
import type { BootRecord, Findings, ImageReference } from './image-report.ts';
import {
  bitmapBytes,
  checkBatmap,
  checkBlockData,
  checkPlaces,
  readBat,
  VHD_UNUSED,
  type VhdTables,
} from './vhd-blocks.ts';
import {
  checkVhdFooter,
  isMadeByTap,
  parseVhdFooter,
  VHD_SECTOR_BYTES,
  VHD_TYPES,
  vhdTime,
  type VhdFooter,
} from './vhd-footer.ts';
import { readVhdHeader } from './vhd-header.ts';

/**
 * Checks a VHD as strictly as XenServer's `vhd-util check` (blktap, vhd/lib/vhd-util-check.c) and the specification 1.0:
 * footer and its copy, header, block allocation table, batmap; when deep, the bitmaps against the data.
 */
export async function checkVhd(check: ImageCheck): Promise<Findings> {
  if (check.sizeBytes < VHD_SECTOR_BYTES || check.sizeBytes % VHD_SECTOR_BYTES !== 0) {
    check.damage(0, 'file size', `is ${check.sizeBytes}, no multiple of ${VHD_SECTOR_BYTES}`);
  }
  const footer = await readFooter(check);
  if (!footer) return {};
  const described = describeFooter(footer);
  if (footer.type === 2) return { ...described, ...(await checkFixed(footer, check)) };
  await compareCopies(footer, check);
  const header = await readVhdHeader(footer, check);
  if (!header) return described;
  const tables = await readBat(footer, header, check);
  const batmap = await checkBatmap(tables, check);
  const stored = checkPlaces(tables, batmap, check);
  if (check.options.deep) await checkBlockData(tables, check);
  const references: ImageReference[] = [];
  if (footer.type === 4) {
    references.push({ kind: 'parent', name: header.parentName, format: 'vhd' });
    check.breach(footer.offset + 60, 'disk type', 'is differencing: the image needs its parent');
  }
  const boot = await readGuestStart(tables, check);
  return {
    ...described,
    blockBytes: header.blockBytes,
    allocatedBytes: stored * header.blockBytes,
    features: [...described.features, ...(batmap.length > 0 ? ['batmap'] : [])],
    references,
    ...(boot === undefined ? {} : { boot }),
  };
}

/** The footer at the end of the file; when that is none, the copy at its start, so that there is something to tell. */
async function readFooter(check: ImageCheck): Promise<VhdFooter | undefined> {
  for (const offset of [check.sizeBytes - VHD_SECTOR_BYTES, 0]) {
    if (offset < 0) continue;
    const bytes = await check.read(offset, VHD_SECTOR_BYTES, 'footer');
    if (bytes?.toString('latin1', 0, 8) !== 'conectix') {
      check.damage(offset, 'footer cookie', 'is not "conectix"');
      continue;
    }
    const footer = parseVhdFooter(bytes, offset);
    checkVhdFooter(footer, check);
    return footer;
  }
  return undefined;
}

async function compareCopies(footer: VhdFooter, check: ImageCheck): Promise<void> {
  const copy = await check.read(0, VHD_SECTOR_BYTES, 'footer copy');
  if (!copy || footer.offset === 0) return;
  const at = copy.findIndex((byte, index) => byte !== footer.bytes[index]);
  if (at >= 0) check.damage(at, 'footer copy', `differs from the footer at byte ${at}`);
}

function describeFooter(footer: VhdFooter): Findings & { features: string[] } {
  const temporary = (footer.bytes.readUInt32BE(8) & 1) !== 0;
  const features = [
    ...(temporary ? ['temporary'] : []),
    ...(footer.bytes.readUInt8(84) === 1 ? ['saved state'] : []),
    ...(isMadeByTap(footer) && footer.bytes.readUInt8(85) === 1 ? ['hidden'] : []),
  ];
  return {
    subformat: VHD_TYPES[footer.type] ?? `type ${footer.type}`,
    virtualSizeBytes: footer.currentSizeBytes,
    creator: footer.creator,
    creatorVersion: footer.creatorVersion,
    geometry: footer.geometry,
    identifiers: { uuid: footer.uuid },
    timestamp: vhdTime(footer.timestamp),
    features,
  };
}

async function checkFixed(footer: VhdFooter, check: ImageCheck): Promise<Findings> {
  const dataBytes = check.sizeBytes - VHD_SECTOR_BYTES;
  if (footer.currentSizeBytes !== dataBytes) {
    const message = `is ${footer.currentSizeBytes}, but the file has ${dataBytes} bytes before the footer`;
    check.damage(footer.offset + 48, 'current size', message);
  }
  const boot = readBootRecord(await check.read(0, Math.min(BOOT_RECORD_BYTES, dataBytes), 'disk'));
  return { allocatedBytes: dataBytes, ...(boot === undefined ? {} : { boot }) };
}

async function readGuestStart(
  { header, bat }: VhdTables,
  check: ImageCheck,
): Promise<BootRecord | undefined> {
  const sector = bat[0] ?? VHD_UNUSED;
  if (sector === VHD_UNUSED) return readBootRecord(Buffer.alloc(BOOT_RECORD_BYTES));
  const offset = sector * VHD_SECTOR_BYTES + bitmapBytes(header.blockBytes);
  const length = Math.min(BOOT_RECORD_BYTES, header.blockBytes);
  // A block outside the file has its fault already.
  if (offset + length > check.sizeBytes) return undefined;
  return readBootRecord(await check.read(offset, length, 'block 0'));
}
