import { BOOT_RECORD_BYTES, readBootRecord } from './boot-record.ts';
import { readLittle64, type ImageCheck } from './image-check.ts';
import type { BootRecord, Findings, ImageReference } from './image-report.ts';
import { readVhdxFrame, VHDX_ALIGNMENT, type VhdxFrame, type VhdxRegion } from './vhdx-headers.ts';
import { readVhdxMetadata, type VhdxMetadata } from './vhdx-metadata.ts';

/** States of a block ([MS-VHDX] 2.5.1.1); those missing here do not exist. */
const STATES = { notPresent: 0, undefined: 1, zero: 2, unmapped: 3, fullyPresent: 6, partlyPresent: 7 };

/** Stored blocks that are checked; with blocks of 1 MiB, the smallest, those of 2 TiB. */
const MOST_STORED_BLOCKS = 2 * 1024 * 1024;

/** Sectors whose bitmap fills one block of bitmaps ([MS-VHDX] 2.5). */
const SECTORS_PER_BITMAP = 2 ** 23;

/**
 * Checks a VHDX: identifier, both headers and region tables with their CRC-32C, metadata, block allocation table,
 * and that the log is empty. Source: [MS-VHDX].
 */
export async function checkVhdx(check: ImageCheck): Promise<Findings> {
  const frame = await readVhdxFrame(check);
  if (!frame) return {};
  for (const name of ['bat', 'metadata'] as const) {
    if (!frame.regions[name]) check.damage(192 * 1024, 'region table', `has no usable ${name} region`);
  }
  const { bat, metadata: region } = frame.regions;
  const metadata = region === undefined ? undefined : await readVhdxMetadata(region, check);
  if (!metadata || !bat) return { creator: frame.creator };
  const blocks = await readBlocks(bat, metadata, check);
  checkBlocks(blocks, { frame, metadata }, check);
  const boot = await readGuestStart(blocks[0], metadata, check);
  return {
    ...describe(frame, metadata, check),
    allocatedBytes: Math.min(blocks.length * metadata.blockBytes, metadata.virtualSizeBytes),
    ...(boot === undefined ? {} : { boot }),
  };
}

function describe(frame: VhdxFrame, metadata: VhdxMetadata, check: ImageCheck): Findings {
  const references: ImageReference[] = [];
  if (metadata.hasParent) {
    references.push({ kind: 'parent', name: '', format: 'vhdx' });
    check.breach(
      frame.regions.metadata?.offset ?? 0,
      'FileParameters',
      'say that the image needs its parent',
    );
  }
  return {
    subformat: metadata.hasParent ? 'differencing' : metadata.fixed ? 'fixed' : 'dynamic',
    virtualSizeBytes: metadata.virtualSizeBytes,
    blockBytes: metadata.blockBytes,
    creator: frame.creator,
    features: [`sectors of ${metadata.logicalSectorBytes} bytes, ${metadata.physicalSectorBytes} physical`],
    identifiers: { diskId: metadata.diskId, fileWriteId: frame.fileWriteId, dataWriteId: frame.dataWriteId },
    references,
  };
}

/** A block that is stored. */
interface Block {
  readonly number: number;
  readonly at: number;
  readonly offset: number;
}

/** Reads the table: blocks in runs, each run followed by an entry for the bitmap that only differencing disks have. */
async function readBlocks(bat: VhdxRegion, metadata: VhdxMetadata, check: ImageCheck): Promise<Block[]> {
  const { blockBytes, logicalSectorBytes, virtualSizeBytes, hasParent } = metadata;
  const run = (SECTORS_PER_BITMAP * logicalSectorBytes) / blockBytes;
  const count = Math.ceil(virtualSizeBytes / blockBytes);
  const runs = hasParent ? Math.ceil(count / run) * (run + 1) : count + Math.floor((count - 1) / run);
  if (runs * 8 > bat.length) {
    check.damage(
      bat.offset,
      'block allocation table',
      `has ${bat.length} bytes, too few for ${runs} entries`,
    );
    return [];
  }
  const blocks: Block[] = [];
  let index = 0;
  for await (const { offset, data } of check.pieces(bat.offset, runs * 8, 'block allocation table')) {
    for (let at = 0; at + 8 <= data.length; at += 8, index += 1) {
      const isBitmap = (index + 1) % (run + 1) === 0;
      const entry = { low: data.readUInt32LE(at), value: readLittle64(data, at), at: offset + at };
      if (isBitmap) checkBitmapEntry(entry, hasParent, check);
      else {
        const block = readBlock(entry, { number: index - Math.floor(index / (run + 1)), hasParent }, check);
        if (block) blocks.push(block);
      }
      if (blocks.length > MOST_STORED_BLOCKS) {
        check.damage(
          offset + at,
          'block allocation table',
          `has more than ${MOST_STORED_BLOCKS} stored blocks`,
        );
        return blocks;
      }
    }
  }
  return blocks;
}

interface TableEntry {
  readonly low: number;
  readonly value: number;
  readonly at: number;
}

function readBlock(
  { low, value, at }: TableEntry,
  of: { number: number; hasParent: boolean },
  check: ImageCheck,
): Block | undefined {
  const state = low & 7;
  const field = `block ${of.number}`;
  const offset = Math.floor(value / VHDX_ALIGNMENT) * VHDX_ALIGNMENT;
  if ((low & 0xffff8) !== 0) check.damage(at, field, 'has reserved bits');
  const stored = state === STATES.fullyPresent || (state === STATES.partlyPresent && of.hasParent);
  const known = stored || Object.values(STATES).includes(state);
  if (!known || (state === STATES.partlyPresent && !of.hasParent)) {
    check.damage(at, field, `has the state ${state}, which this disk cannot have`);
  }
  if (stored && offset === 0) check.damage(at, field, 'is stored nowhere');
  return stored ? { number: of.number, at, offset } : undefined;
}

function checkBitmapEntry({ low, value, at }: TableEntry, hasParent: boolean, check: ImageCheck): void {
  if (!hasParent && (low !== 0 || value !== 0)) {
    check.damage(at, 'sector bitmap entry', 'is set, though the disk has no parent');
  }
}

function checkBlocks(
  blocks: readonly Block[],
  { frame, metadata }: { frame: VhdxFrame; metadata: VhdxMetadata },
  check: ImageCheck,
): void {
  const { bat, metadata: region } = frame.regions;
  const others = [frame.log, bat, region].filter((extent) => extent !== undefined);
  let previous: Block | undefined;
  for (const block of blocks.toSorted((a, b) => a.offset - b.offset)) {
    const { offset, at, number } = block;
    const end = offset + metadata.blockBytes;
    const refuse = (message: string): void =>
      check.damage(at, `block ${number}`, `at offset ${offset} ${message}`);
    if (end > check.sizeBytes) refuse(`runs past the end of the file at ${check.sizeBytes}`);
    if (
      offset < VHDX_ALIGNMENT ||
      others.some((other) => offset < other.offset + other.length && end > other.offset)
    ) {
      refuse('lies in the log, a table or the headers');
    }
    if (previous && offset < previous.offset + metadata.blockBytes)
      refuse(`overlaps block ${previous.number}`);
    previous = block;
  }
}

async function readGuestStart(
  block: Block | undefined,
  { blockBytes }: VhdxMetadata,
  check: ImageCheck,
): Promise<BootRecord | undefined> {
  if (block?.number !== 0) return readBootRecord(Buffer.alloc(BOOT_RECORD_BYTES));
  if (block.offset + blockBytes > check.sizeBytes) return undefined;
  return readBootRecord(await check.read(block.offset, BOOT_RECORD_BYTES, 'block 0'));
}
