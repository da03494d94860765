import { rename, rm, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../errors/failure.ts';
import type { Clock } from '../host/clock.ts';
import { digestFile, sha256OfFile, type FileDigests } from '../host/digest-file.ts';
import { syncDirectory } from '../host/files.ts';
import type { Runner } from '../host/run.ts';
import type { Output } from '../profiles/profile.ts';
import { MIB, renderByteSize } from '../values/byte-size.ts';
import { compressFile } from './compress-file.ts';
import type { ImageRecipe } from './image-format.ts';
import { describeOutput, IMAGE_FORMATS } from './image-formats.ts';
import type { SourceDisk } from './source-disk.ts';
import { verifyCompressed } from './verify-compressed.ts';
import { verifyImage } from './verify-image.ts';
import type { WorkBudget, WorkShare } from './work-budget.ts';

/** One artifact to make of a disk. */
export interface Conversion {
  /** What it is called while it is made: `kvm qcow2`. */
  readonly label: string;
  readonly recipe: ImageRecipe;
  readonly directory: string;
  /** Name of the image inside what is around it. */
  readonly imageName: string;
  /** Name of the artifact. */
  readonly fileName: string;
}

/** What a conversion may use. */
export interface ConversionTools {
  readonly run: Runner;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Shared by conversions side by side. */
  readonly budget: WorkBudget;
  /** What is being done, and how much of the whole conversion is behind us, from 0 to 1. */
  readonly onProgress: (doing: string, fraction: number) => void;
}

/** An artifact that was read back and is what its source is. */
export interface ConvertedDisk extends FileDigests {
  readonly path: string;
  readonly virtualSizeBytes: number;
  /** The image inside, where something is around it. */
  readonly uncompressed?: { readonly sizeBytes: number; readonly sha256: string };
}

/** Threads that deflate: one for each core, up to where memory and the disk set the pace. */
const DEFLATE_THREADS = Math.min(4, availableParallelism());

/** Reading, comparing, digesting. */
const ONE_CORE: WorkShare = { cores: 1, memoryBytes: 64 * MIB };
/** Threads that deflate: 60 MiB each measured, and their buffers. */
const ALL_CORES: WorkShare = { cores: DEFLATE_THREADS, memoryBytes: (64 + 64 * DEFLATE_THREADS) * MIB };

/**
 * Makes one artifact of a disk: writes the image, lets two readers that share nothing with the writer check it, and
 * compresses it from outside where that is asked for. Nothing stands under the final name until all that has passed.
 *
 * Raises `E_CONVERSION_WRONG` when the result differs from its source, `E_SIZE_BUDGET` when it is too large, and what
 * writers raise.
 */
export async function convertDisk(
  disk: SourceDisk,
  conversion: Conversion,
  tools: ConversionTools,
): Promise<ConvertedDisk> {
  const { directory, fileName, recipe } = conversion;
  const image = join(directory, `.${fileName}.new`);
  const packed = join(directory, `.${fileName}.packed`);
  const path = join(directory, fileName);
  try {
    await writeImage(disk, image, recipe, tools);
    await checkImage(disk, image, recipe, tools);
    const made = await finishArtifact(image, packed, conversion, tools);
    checkBudget(made.sizeBytes, recipe.output);
    await rename(recipe.output.outer === 'none' ? image : packed, path);
    await syncDirectory(directory);
    return { ...made, path, virtualSizeBytes: disk.virtualSizeBytes };
  } finally {
    await rm(image, { force: true });
    await rm(packed, { force: true });
  }
}

async function writeImage(
  disk: SourceDisk,
  image: string,
  recipe: ImageRecipe,
  { run, signal, budget, onProgress }: ConversionTools,
): Promise<void> {
  const { output } = recipe;
  const format = IMAGE_FORMATS[output.format];
  const part = output.outer === 'none' ? 0.7 : 0.3;
  const report = (fraction: number): void => onProgress('writing', part * fraction);
  const writing = { run, signal, workers: DEFLATE_THREADS, onProgress: report };
  const share = format.cores(output) === 'all' ? ALL_CORES : ONE_CORE;
  await budget.run(share, signal, () => format.write(disk, image, recipe, writing));
}

async function checkImage(
  disk: SourceDisk,
  image: string,
  { output }: ImageRecipe,
  { run, signal, clock, budget, onProgress }: ConversionTools,
): Promise<void> {
  await budget.run(ONE_CORE, signal, async () => {
    onProgress('comparing with the source', output.outer === 'none' ? 0.7 : 0.3);
    await verifyImage(image, output, disk, { run, signal, clock });
  });
}

type Finished = Omit<ConvertedDisk, 'path' | 'virtualSizeBytes'>;

/** Puts around the image what is asked for, and looks inside again; without that, there is only a digest to take. */
async function finishArtifact(
  image: string,
  packed: string,
  { recipe, imageName }: Conversion,
  { run, signal, budget, onProgress }: ConversionTools,
): Promise<Finished> {
  const { outer } = recipe.output;
  const oneCore = <Result>(doing: string, done: number, work: () => Promise<Result>): Promise<Result> =>
    budget.run(ONE_CORE, signal, () => {
      onProgress(doing, done);
      return work();
    });
  if (outer === 'none') return oneCore('digesting', 0.95, () => digestFile(image, signal));
  const uncompressed = await oneCore('digesting', 0.35, async () => ({
    sizeBytes: (await stat(image)).size,
    sha256: await sha256OfFile(image, signal),
  }));
  const report = (done: number, total: number): void =>
    onProgress(`compressing with ${outer}`, 0.4 + (total === 0 ? 0 : (0.45 * done) / total));
  const compressing = {
    outer,
    memberName: imageName,
    run,
    signal,
    workers: DEFLATE_THREADS,
    onProgress: report,
  };
  await budget.run(ALL_CORES, signal, () => compressFile(image, packed, compressing));
  await oneCore('reading back', 0.85, () =>
    verifyCompressed(packed, outer, uncompressed, { signal, workers: 1 }),
  );
  await rm(image);
  const digests = await oneCore('digesting', 0.95, () => digestFile(packed, signal));
  return { ...digests, uncompressed };
}

function checkBudget(sizeBytes: number, output: Output): void {
  if (output.sizeBudgetMiB === undefined || sizeBytes <= output.sizeBudgetMiB * MIB) return;
  const message = `the ${describeOutput(output)} takes ${renderByteSize(sizeBytes)}, its budget is ${output.sizeBudgetMiB} MiB`;
  throw new Failure('image-test', 'E_SIZE_BUDGET', message, {
    hint: 'leave packages out, or raise .sizeBudgetMiB of the target',
    evidence: { sizeBytes, budgetBytes: output.sizeBudgetMiB * MIB },
  });
}
