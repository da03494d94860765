import { rename, rm, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../errors/failure.ts';
import type { Clock } from '../host/clock.ts';
import { digestFile, sha256OfFile, type FileDigests } from '../host/digest-file.ts';
import { syncDirectory, syncFile } from '../host/files.ts';
import type { Runner } from '../host/run.ts';
import type { Output } from '../profiles/profile.ts';
import { MIB, renderByteSize } from '../values/byte-size.ts';
import { compressFile } from './compress-file.ts';
import { explainWriteError } from './full-disk.ts';
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
  /** What is being done, if anything, and how much of the whole conversion is behind us, from 0 to 1. */
  readonly onProgress: (doing: string | undefined, fraction: number) => void;
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
 * Raises `E_CONVERSION_WRONG` when the result differs from its source, `E_SIZE_BUDGET` when it is too large,
 * `E_NO_SPACE`, and what writers raise.
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
    const whole = recipe.output.outer === 'none' ? image : packed;
    await syncFile(whole);
    await rename(whole, path);
    await syncDirectory(directory);
    return { ...made, path, virtualSizeBytes: disk.virtualSizeBytes };
  } catch (error) {
    throw explainWriteError(error, path);
  } finally {
    await rm(image, { force: true });
    await rm(packed, { force: true });
  }
}

/** One part of a conversion. */
interface Phase {
  readonly doing: string;
  readonly share: WorkShare;
  /** Part of the conversion that is behind us when it begins. */
  readonly done: number;
}

/** Does a part of a conversion when there is room for it beside the others; until then it says nothing. */
async function inTurn<Result>(
  { budget, signal, onProgress }: ConversionTools,
  { doing, share, done }: Phase,
  work: () => Promise<Result>,
): Promise<Result> {
  onProgress(undefined, done);
  return budget.run(share, signal, () => {
    onProgress(doing, done);
    return work();
  });
}

async function writeImage(
  disk: SourceDisk,
  image: string,
  recipe: ImageRecipe,
  tools: ConversionTools,
): Promise<void> {
  const { output } = recipe;
  const { run, signal, onProgress } = tools;
  const format = IMAGE_FORMATS[output.format];
  const doing = 'writing';
  const report = (fraction: number): void => onProgress(doing, writtenPart(output) * fraction);
  const writing = { run, signal, workers: DEFLATE_THREADS, onProgress: report };
  const share = format.cores(output) === 'all' ? ALL_CORES : ONE_CORE;
  await inTurn(tools, { doing, share, done: 0 }, () => format.write(disk, image, recipe, writing));
}

/** How much of a conversion lies in writing the image. */
function writtenPart({ outer }: Output): number {
  return outer === 'none' ? 0.7 : 0.3;
}

async function checkImage(
  disk: SourceDisk,
  image: string,
  { output }: ImageRecipe,
  tools: ConversionTools,
): Promise<void> {
  const phase = { doing: 'comparing with the source', share: ONE_CORE, done: writtenPart(output) };
  await inTurn(tools, phase, () => verifyImage(image, output, disk, tools));
}

type Finished = Omit<ConvertedDisk, 'path' | 'virtualSizeBytes'>;

/** Puts around the image what is asked for, and looks inside again; without that, there is only a digest to take. */
async function finishArtifact(
  image: string,
  packed: string,
  { recipe, imageName }: Conversion,
  tools: ConversionTools,
): Promise<Finished> {
  const { outer } = recipe.output;
  const { run, signal, onProgress } = tools;
  const digesting = { doing: 'digesting', share: ONE_CORE };
  if (outer === 'none') {
    return inTurn(tools, { ...digesting, done: 0.95 }, () => digestFile(image, signal));
  }
  const uncompressed = await inTurn(tools, { ...digesting, done: 0.35 }, async () => ({
    sizeBytes: (await stat(image)).size,
    sha256: await sha256OfFile(image, signal),
  }));
  const doing = `compressing with ${outer}`;
  const report = (done: number, total: number): void =>
    onProgress(doing, 0.4 + (total === 0 ? 0 : (0.45 * done) / total));
  const compressing = { outer, memberName: imageName, run, signal, workers: DEFLATE_THREADS };
  await inTurn(tools, { doing, share: ALL_CORES, done: 0.4 }, () =>
    compressFile(image, packed, { ...compressing, onProgress: report }),
  );
  await inTurn(tools, { doing: 'reading back', share: ONE_CORE, done: 0.85 }, () =>
    verifyCompressed(packed, outer, uncompressed, { signal, workers: 1 }),
  );
  await rm(image);
  const digests = await inTurn(tools, { ...digesting, done: 0.95 }, () => digestFile(packed, signal));
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
