import { deriveUuidBytes } from '../values/derived-uuid.ts';
import type { FilePiece } from './file-piece.ts';
import { HEADER_BYTES, HEADER_OFFSETS, sealRecord, type VhdxRegion } from './vhdx-layout.ts';

/** Where the file says who made it: 256 units of UTF-16, for people only. */
const CREATOR_OFFSET = 8;
const CREATOR_BYTES = 512;

/**
 * What to write over a VHDX of qemu-img, so that nothing in it depends on chance or on the version of QEMU: creator,
 * sequence numbers and GUIDs of both headers, the identifier that a guest sees, and the log, in which entries that are
 * done stay behind. GUIDs are derived from the disk's digest.
 *
 * @param front the file's front, unchanged
 */
export function planIdentity(
  front: Buffer,
  { log, page83Offset }: { readonly log: VhdxRegion; readonly page83Offset: number },
  digest: string,
): FilePiece[] {
  const creator = Buffer.alloc(CREATOR_BYTES);
  creator.write('Mintmark', 'utf16le');
  return [
    { offset: log.offset, data: Buffer.alloc(log.length) },
    { offset: page83Offset, data: guid('page 83', digest) },
    ...HEADER_OFFSETS.map((offset, index) => ({
      offset,
      data: settledHeader(front.subarray(offset, offset + HEADER_BYTES), index + 1, digest),
    })),
    { offset: CREATOR_OFFSET, data: creator },
  ];
}

/** @param sequence of the two headers the one with the higher number counts */
function settledHeader(header: Buffer, sequence: number, digest: string): Buffer {
  const settled = Buffer.from(header);
  settled.writeBigUInt64LE(BigInt(sequence), 8);
  guid('file write', digest).copy(settled, 16);
  guid('data write', digest).copy(settled, 32);
  sealRecord(settled);
  return settled;
}

function guid(use: string, digest: string): Buffer {
  return deriveUuidBytes(`vhdx ${use} ${digest}`, 'microsoft');
}
