import { sha256Of } from '../values/digest.ts';
import { checkOvfMachine, type OvfMachine } from './ovf-machine.ts';
import { renderOvfManifest } from './ovf-manifest.ts';
import { renderOvf } from './ovf.ts';
import type { FilePiece } from './file-piece.ts';
import { paddedTarSize, renderTarHeader, TAR_BLOCK_BYTES, tarSizeAfter } from './ustar.ts';

/** What is known of an OVA before its disk is written. */
export interface OvaRequest {
  readonly machine: OvfMachine;
  /** Of the disk that a guest sees. */
  readonly capacityBytes: number;
  /** Time of every file in the archive, in seconds since 1970. */
  readonly modifiedSeconds: number;
}

/** A disk as it was written into the archive. */
export interface OvaDisk {
  readonly fileSizeBytes: number;
  readonly populatedBytes: number;
  readonly sha256: string;
}

/** Where the disk goes, and everything around it when it is there. */
export interface OvaLayout {
  readonly diskName: string;
  /** First byte of the disk in the archive. */
  readonly diskOffset: number;
  /** All other pieces of the archive, its end included. */
  readonly around: (disk: OvaDisk) => FilePiece[];
}

/**
 * Plans an archive of `.ovf`, `.mf` and disk, in the order that VMware's tools insist on. The two texts in front name
 * sizes and digests that are known at the end only; so their blocks are counted for the longest numbers, and the disk
 * can be written straight to its place. Where shorter numbers leave a block free, newlines fill the `.ovf`.
 *
 * Raises `E_OVF_MACHINE`, `E_TAR_MEMBER` and `E_XML_CHARACTER`.
 */
export function planOva({ machine, capacityBytes, modifiedSeconds }: OvaRequest): OvaLayout {
  checkOvfMachine(machine);
  const { name } = machine;
  const [ovfName, manifestName, diskName] = [`${name}.ovf`, `${name}.mf`, `${name}-disk1.vmdk`];
  const ovfFor = (fileSizeBytes: number, populatedBytes: number): string =>
    renderOvf(machine, { fileName: diskName, fileSizeBytes, capacityBytes, populatedBytes });
  const manifestFor = (ovf: string, sha256: string): string =>
    renderOvfManifest([
      { name: ovfName, sha256: sha256Of(ovf) },
      { name: diskName, sha256 },
    ]);
  const longestOvf = ovfFor(Number.MAX_SAFE_INTEGER, capacityBytes);
  const ovfBlocksBytes = paddedTarSize(Buffer.byteLength(longestOvf));
  const manifestOffset = TAR_BLOCK_BYTES + ovfBlocksBytes;
  const manifestBytes = manifestFor(longestOvf, sha256Of('')).length;
  const diskHeaderOffset = manifestOffset + TAR_BLOCK_BYTES + paddedTarSize(manifestBytes);
  const diskOffset = diskHeaderOffset + TAR_BLOCK_BYTES;

  const around = (disk: OvaDisk): FilePiece[] => {
    const ovf = filled(ovfFor(disk.fileSizeBytes, disk.populatedBytes), ovfBlocksBytes);
    const header = { name: diskName, sizeBytes: disk.fileSizeBytes, modifiedSeconds };
    return [
      { offset: 0, data: textMember(ovfName, ovf, modifiedSeconds) },
      {
        offset: manifestOffset,
        data: textMember(manifestName, manifestFor(ovf, disk.sha256), modifiedSeconds),
      },
      { offset: diskHeaderOffset, data: renderTarHeader(header) },
      endAfter(diskOffset + disk.fileSizeBytes),
    ];
  };
  return { diskName, diskOffset, around };
}

/** A text that ends within the last block of a given number of them. */
function filled(text: string, blocksBytes: number): string {
  const missing = blocksBytes - TAR_BLOCK_BYTES + 1 - Buffer.byteLength(text);
  return text + '\n'.repeat(Math.max(0, missing));
}

function textMember(name: string, text: string, modifiedSeconds: number): Buffer {
  const data = Buffer.from(text);
  const bytes = Buffer.alloc(TAR_BLOCK_BYTES + paddedTarSize(data.length));
  bytes.set(renderTarHeader({ name, sizeBytes: data.length, modifiedSeconds }));
  bytes.set(data, TAR_BLOCK_BYTES);
  return bytes;
}

/** Zeros from the end of the last member to the end of the archive. */
function endAfter(endOfMembers: number): FilePiece {
  return {
    offset: endOfMembers,
    data: Buffer.alloc(tarSizeAfter(paddedTarSize(endOfMembers)) - endOfMembers),
  };
}
