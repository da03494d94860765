import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { dieWithParent } from '../host/die-with-parent.ts';
import type { Runner } from '../host/run.ts';
import type { CommandSpec } from '../values/command-spec.ts';
import { parseQemuProgress } from './conversion-progress.ts';
import { imageOptions } from './image-options.ts';

/** A conversion by QEMU's own tool, for what our writers do not do. */
export interface QemuImgConversion {
  /** A raw disk. */
  readonly sourcePath: string;
  readonly outPath: string;
  readonly format: 'qcow2' | 'raw';
  /** Compression of a qcow2; `zstd` needs QEMU 5.1 or later wherever the file is used. */
  readonly compression?: 'zlib' | 'zstd' | undefined;
  /** qcow2 compatibility level; 1.1 unless given. */
  readonly compat?: '0.10' | '1.1' | undefined;
}

/** How a conversion is watched. */
export interface ConvertOptions {
  readonly run: Runner;
  readonly signal?: AbortSignal | undefined;
  /** From 0 to 1, as qemu-img tells it. */
  readonly onFraction?: ((fraction: number) => void) | undefined;
}

/** A large disk on a slow machine takes minutes; beyond this the tool hangs. */
const CONVERT_DEADLINE_MS = 3_600_000;

/** The call that converts to `outPath`. Options are spelled out, as defaults differ between versions of QEMU. */
export function convertCommand(conversion: QemuImgConversion, outPath: string): CommandSpec {
  const { sourcePath, format, compression, compat } = conversion;
  const options = [
    `compat=${compat ?? '1.1'}`,
    'cluster_size=65536',
    ...(compression ? [`compression_type=${compression}`] : []),
  ];
  const shape = [...(compression ? ['-c'] : []), ...(format === 'qcow2' ? ['-o', options.join(',')] : [])];
  const source = ['--image-opts', imageOptions('raw', sourcePath)];
  const args = ['convert', '-p', '-O', format, ...shape, ...source, outPath];
  return { command: 'qemu-img', args, deadlineMs: CONVERT_DEADLINE_MS };
}

/**
 * Converts a disk with `qemu-img convert`. The file appears under its name only when it is complete.
 * Raises what the runner raises when qemu-img fails, is missing or is interrupted.
 */
export async function convertWithQemuImg(
  conversion: QemuImgConversion,
  { run, signal, onFraction }: ConvertOptions,
): Promise<void> {
  const { outPath } = conversion;
  const partial = join(dirname(outPath), `.${basename(outPath)}.partial`);
  const onLine = (line: string): void => {
    const fraction = parseQemuProgress(line);
    if (fraction !== undefined) onFraction?.(fraction);
  };
  try {
    await run(dieWithParent(convertCommand(conversion, partial)), { signal, onLine });
    await rename(partial, outPath);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
