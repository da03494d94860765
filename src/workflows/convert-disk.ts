import { rename, rm, stat } from 'node:fs/promises';
import { Failure } from '../errors/failure.ts';
import { dieWithParent } from '../host/die-with-parent.ts';
import { digestFile, type FileDigests } from '../host/digest-file.ts';
import type { Target } from '../profiles/profile.ts';
import { MIB, renderByteSize } from '../values/byte-size.ts';
import type { WorkflowContext } from './build-request.ts';
import { convertWithQemuImg } from './convert-with-qemu-img.ts';
import { readSourceDisk } from './source-disk.ts';
import { writeCompressedQcow2 } from './write-qcow2.ts';

/** A converted disk, checked against its source. */
export interface ConvertedDisk extends FileDigests {
  readonly path: string;
  readonly virtualSizeBytes: number;
}

const VERIFY_DEADLINE_MS = 60 * 60_000;

/**
 * Converts the finished raw disk to a target's format, checks the structure of the result and compares it with its
 * source block for block. Nothing stands under the final name until all that has passed.
 *
 * Raises `E_CONVERSION_WRONG` when the result differs from its source, `E_SIZE_BUDGET` when it is too large.
 */
export async function convertDisk(
  source: string,
  destination: string,
  target: Target,
  context: WorkflowContext,
  onProgress: (detail: string, percent?: number) => void,
): Promise<ConvertedDisk> {
  const partial = `${destination}.partial`;
  try {
    const onPercent = (percent: number): void => onProgress(describeFormat(target), percent);
    const digests = await write(source, partial, target, context, onPercent);
    onProgress('comparing with the source');
    await verify(source, partial, target, context);
    checkBudget(digests.sizeBytes, target);
    await rename(partial, destination);
    return { ...digests, path: destination, virtualSizeBytes: (await stat(source)).size };
  } finally {
    await rm(partial, { force: true });
  }
}

/** A target's format for people: `qcow2 (zlib, compat 1.1)`. */
export function describeFormat(target: Target): string {
  const facts = [
    ...(target.compression === 'none' ? [] : [target.compression]),
    ...(target.format === 'qcow2' ? [`compat ${target.compat ?? '1.1'}`] : []),
  ];
  return facts.length === 0 ? target.format : `${target.format} (${facts.join(', ')})`;
}

/** Our own writer deflates on several cores, where qemu-img uses one; what it does not do is left to qemu-img. */
async function write(
  source: string,
  destination: string,
  target: Target,
  context: WorkflowContext,
  onPercent: (percent: number) => void,
): Promise<FileDigests> {
  const { run, signal } = context;
  const { format, compression, compat } = target;
  if (format === 'qcow2' && compression === 'zlib') {
    const onProgress = (done: number, total: number): void =>
      onPercent(total === 0 ? 100 : (100 * done) / total);
    const disk = await readSourceDisk(source, { run, signal }, 'not needed by this format');
    await writeCompressedQcow2(disk, destination, { compat: compat ?? '1.1', signal, onProgress });
    return digestFile(destination, signal);
  }
  if (format !== 'qcow2' && format !== 'raw') throw new Error(`${format} was not refused by the plan`);
  return convertWithQemuImg(
    {
      sourcePath: source,
      sourceFormat: 'raw',
      outPath: destination,
      format,
      ...(compression === 'none' ? {} : { compression }),
      ...(compat === undefined ? {} : { compat }),
    },
    { run, signal, onPercent },
  );
}

async function verify(
  source: string,
  result: string,
  target: Target,
  context: WorkflowContext,
): Promise<void> {
  if (target.format === 'qcow2') await qemuImg(['check', '-q', '-f', 'qcow2', result], context);
  try {
    await qemuImg(['compare', '-q', '-f', 'raw', '-F', target.format, source, result], context);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'E_COMMAND_FAILED') throw error;
    throw new Failure(
      'command',
      'E_CONVERSION_WRONG',
      `the ${target.format} does not hold what its source holds`,
      {
        details: error.details,
        cause: error,
      },
    );
  }
}

async function qemuImg(args: readonly string[], context: WorkflowContext): Promise<void> {
  const spec = dieWithParent({ command: 'qemu-img', args, deadlineMs: VERIFY_DEADLINE_MS });
  await context.run(spec, { signal: context.signal });
}

function checkBudget(sizeBytes: number, target: Target): void {
  if (target.sizeBudgetMiB === undefined || sizeBytes <= target.sizeBudgetMiB * MIB) return;
  throw new Failure(
    'image-test',
    'E_SIZE_BUDGET',
    `the ${target.format} takes ${renderByteSize(sizeBytes)}, its budget is ${target.sizeBudgetMiB} MiB`,
    { hint: 'leave packages out, or raise .sizeBudgetMiB of the target', evidence: { sizeBytes } },
  );
}
