import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { planOva } from '../disks/ova-layout.ts';
import { hardwareVersionOf, type OvfMachine } from '../disks/ovf-machine.ts';
import { VmdkWriter } from '../disks/vmdk-writer.ts';
import { writeImageFile } from '../host/image-file.ts';
import type { SourceDisk, WriteImageOptions } from './source-disk.ts';
import { fillVmdk } from './write-vmdk.ts';

/** How an OVA is written. */
export interface WriteOvaOptions extends WriteImageOptions {
  readonly machine: OvfMachine;
  /** Time of every file in the archive, in seconds since 1970. */
  readonly modifiedSeconds: number;
  /** 1 (fast) to 9 (small); 6 unless given. */
  readonly level?: number | undefined;
}

/** An OVA that was written. */
export interface WrittenOva {
  /** The disk in it, as its manifest names it. */
  readonly disk: { readonly name: string; readonly sizeBytes: number; readonly sha256: string };
}

/** Read at once for the digest. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * Writes a disk as an OVA: `.ovf`, `.mf` and a stream-optimized VMDK, for vSphere, CloudStack and VirtualBox. The disk is
 * deflated straight to its place in the archive, so that it exists once, and read back once for its digest. The same
 * disk and options give the same bytes whatever the number of threads. The file appears under its name only when it is
 * complete; an older one is replaced then.
 *
 * Raises `E_OVF_MACHINE`, `E_VMDK_SIZE`, `E_TAR_MEMBER`, `E_XML_CHARACTER`, the system error of a file that cannot be
 * read or written, and the signal's reason.
 */
export async function writeOva(
  disk: SourceDisk,
  outPath: string,
  options: WriteOvaOptions,
): Promise<WrittenOva> {
  const { machine, modifiedSeconds, signal } = options;
  const layout = planOva({ machine, capacityBytes: disk.virtualSizeBytes, modifiedSeconds });
  const writer = new VmdkWriter(disk.virtualSizeBytes);
  return writeImageFile(outPath, async ({ handle, write }) => {
    const vmdk = await fillVmdk({
      disk,
      writer,
      target: { write: (data, offset) => write(data, layout.diskOffset + offset) },
      // A disk on the paravirtual controller is described as one for lsilogic, too.
      options: { ...options, adapter: 'lsilogic', hardwareVersion: hardwareVersionOf(machine) },
    });
    const place = { offset: layout.diskOffset, sizeBytes: vmdk.sizeBytes };
    const sha256 = await sha256OfPart(handle, place, signal);
    const written = { fileSizeBytes: vmdk.sizeBytes, populatedBytes: vmdk.populatedBytes, sha256 };
    for (const { offset, data } of layout.around(written)) await write(data, offset);
    return { disk: { name: layout.diskName, sizeBytes: vmdk.sizeBytes, sha256 } };
  });
}

async function sha256OfPart(
  handle: FileHandle,
  { offset, sizeBytes }: { readonly offset: number; readonly sizeBytes: number },
  signal: AbortSignal | undefined,
): Promise<string> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let done = 0; done < sizeBytes;) {
    signal?.throwIfAborted();
    const { bytesRead } = await handle.read(chunk, 0, Math.min(CHUNK_BYTES, sizeBytes - done), offset + done);
    if (bytesRead === 0) throw new Error(`the archive ends within its disk, at byte ${offset + done}`);
    hash.update(chunk.subarray(0, bytesRead));
    done += bytesRead;
  }
  return hash.digest('hex');
}
