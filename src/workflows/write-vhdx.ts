import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import {
  findPage83,
  FRONT_BYTES,
  LOG_BYTES,
  METADATA_BYTES,
  parseFront,
  unexpectedVhdx,
} from '../disks/vhdx-layout.ts';
import { planIdentity } from '../disks/vhdx-identity.ts';
import { Failure } from '../errors/failure.ts';
import { dieWithParent } from '../host/die-with-parent.ts';
import type { Runner } from '../host/run.ts';
import { GIB, MIB } from '../values/byte-size.ts';
import type { CommandSpec } from '../values/command-spec.ts';
import { imageNameForQemu } from '../values/qemu-image-name.ts';
import { parseQemuProgress } from './conversion-progress.ts';
import type { SourceDisk, WriteImageOptions } from './source-disk.ts';

/** How a VHDX is written. */
export interface WriteVhdxOptions extends WriteImageOptions {
  readonly run: Runner;
}

/** A large disk on a slow machine takes minutes; beyond this the tool hangs. */
const CONVERT_DEADLINE_MS = 3_600_000;

/** Largest disk that the format holds, in bytes. */
const MAX_BYTES = 64 * 1024 * GIB;

/** What Microsoft recommends for guests with ext4, whose groups lie far apart: larger blocks hold more zeros. */
const BLOCK_BYTES = MIB;

/**
 * The call that converts a disk. All that decides the layout is spelled out, as defaults differ between versions of
 * QEMU; without `block_state_zero` a conversion would leave blocks of zeros undefined.
 */
export function vhdxCommand(sourcePath: string, outPath: string): CommandSpec {
  const options = [
    'subformat=dynamic',
    'block_state_zero=on',
    `block_size=${BLOCK_BYTES}`,
    `log_size=${LOG_BYTES}`,
  ].join(',');
  const paths = [sourcePath, outPath].map((path) => imageNameForQemu(resolve(path)));
  const args = ['convert', '-p', '-f', 'raw', '-O', 'vhdx', '-o', options, ...paths];
  return { command: 'qemu-img', args, deadlineMs: CONVERT_DEADLINE_MS };
}

/**
 * Writes a disk as a dynamic VHDX with qemu-img, and replaces what that leaves to chance. The same disk gives the same
 * bytes. The file appears under its name only when it is complete; an older one is replaced then.
 *
 * Raises `E_IMAGE_SIZE_UNSUPPORTED` for an empty disk or one above 64 TiB, `E_VHDX_UNEXPECTED` when qemu-img wrote
 * another layout than the one that is known here, what the runner raises, and the system error of a file that cannot be
 * written.
 */
export async function writeVhdx(disk: SourceDisk, outPath: string, options: WriteVhdxOptions): Promise<void> {
  checkSize(disk.virtualSizeBytes);
  const { run, signal, onProgress } = options;
  const partial = join(dirname(outPath), `.${basename(outPath)}.partial`);
  const totalBytes = disk.ranges.reduce((sum, { length }) => sum + length, 0);
  const onLine = (line: string): void => {
    const fraction = parseQemuProgress(line);
    if (fraction !== undefined) onProgress?.(fraction * totalBytes, totalBytes);
  };
  try {
    await run(dieWithParent(vhdxCommand(disk.path, partial)), { signal, onLine });
    signal?.throwIfAborted();
    await settle(partial, disk);
    await rename(partial, outPath);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

function checkSize(virtualSizeBytes: number): void {
  if (virtualSizeBytes > 0 && virtualSizeBytes <= MAX_BYTES) return;
  const why = virtualSizeBytes === 0 ? 'it is empty' : `the limit is ${MAX_BYTES} bytes (64 TiB)`;
  throw new Failure(
    'profile',
    'E_IMAGE_SIZE_UNSUPPORTED',
    `a VHDX cannot hold a disk of ${virtualSizeBytes} bytes: ${why}`,
    { evidence: { virtualSizeBytes, limitBytes: MAX_BYTES } },
  );
}

/** Reads and checks all before anything is changed. */
async function settle(path: string, disk: SourceDisk): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const front = await readPart(file, 0, FRONT_BYTES);
    const { log, metadata } = parseFront(front, (await file.stat()).size);
    const region = await readPart(file, metadata.offset, METADATA_BYTES);
    const wanted = { virtualSizeBytes: disk.virtualSizeBytes, blockBytes: BLOCK_BYTES };
    const page83Offset = findPage83(region, metadata.offset, wanted);
    for (const { offset, data } of planIdentity(front, { log, page83Offset }, disk.digest)) {
      await file.write(data, 0, data.length, offset);
    }
  } finally {
    await file.close();
  }
}

async function readPart(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, offset);
  if (bytesRead < length) throw unexpectedVhdx(offset, 'end of the file', `${bytesRead} bytes of ${length}`);
  return bytes;
}
