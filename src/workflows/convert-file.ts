import { mkdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Failure } from '../errors/failure.ts';
import { dieWithParent } from '../host/die-with-parent.ts';
import type { MachineDescription, Output, TargetName } from '../profiles/profile.ts';
import type { WorkflowContext } from './build-request.ts';
import { parseQemuProgress } from './conversion-progress.ts';
import type { Conversion, ConvertedDisk } from './convert-disk.ts';
import { convertSideBySide } from './convert-side-by-side.ts';
import { describeOutput, suffixOf } from './image-formats.ts';
import { openImage, type OpenedImage } from './open-image.ts';
import { readSourceDisk, type SourceDisk } from './source-disk.ts';
import { StageRunner } from './stage-runner.ts';
import { withWorkDirectory } from './work-directory.ts';

/** What `convert` is asked for. */
export interface ConvertRequest {
  /** Any disk image. */
  readonly file: string;
  readonly outputs: readonly Output[];
  /** Directory for the results; made when it is missing. */
  readonly directory: string;
  /** Stem of the results' names; by default the file's. */
  readonly name?: string;
  readonly hypervisor?: TargetName;
  readonly machine: MachineDescription;
  readonly firmware: 'bios' | 'efi';
}

/** One image that was made. */
export interface ConvertedFile extends ConvertedDisk {
  readonly format: Output['format'];
  readonly outer: Output['outer'];
}

/** What `convert` did. */
export interface ConvertOutcome {
  readonly source: OpenedImage['report'];
  readonly images: readonly ConvertedFile[];
}

/**
 * Time stamp of images whose source has none: the day before which `vhd-util` of no age refuses a VHD as being from the
 * future. `SOURCE_DATE_EPOCH` (reproducible-builds.org) overrules it.
 */
const CREATED_SECONDS = Date.UTC(2010, 0, 1) / 1000;

/** Suffixes that a stem loses; what a file is, is not decided by them. */
const IMAGE_SUFFIX = /\.(?:qcow2?|raw|img|vhd|vpc|vhdx|vmdk|ova)$/i;

/**
 * Converts an image to other formats, each read back and compared. The source is read into a sparse raw disk once,
 * however many formats are wanted; the same content gives the same bytes.
 *
 * Raises `E_OUTPUT_EXISTS` when a result is there already, what {@link openImage} raises for a file that is damaged or
 * points elsewhere, and what {@link convertSideBySide} raises.
 */
export async function convertFile(
  request: ConvertRequest,
  context: WorkflowContext,
): Promise<ConvertOutcome> {
  const conversions = planConversions(request, context);
  await refuseExisting(conversions);
  context.emit({ type: 'stages', stages: ['convert'] });
  const stages = new StageRunner(context.emit, context.signal);
  return stages.run({
    name: 'convert',
    run: (progress) => convertAll(request, conversions, context, progress),
    summarize: ({ images }) =>
      images.length === 1
        ? conversions.map(({ recipe }) => describeOutput(recipe.output)).join()
        : `${images.length} images`,
  });
}

function planConversions(request: ConvertRequest, { environment }: WorkflowContext): Conversion[] {
  const stem = request.name ?? basename(request.file).replace(IMAGE_SUFFIX, '');
  const epoch = environment['SOURCE_DATE_EPOCH'];
  const createdSeconds = /^\d+$/.test(epoch ?? '') ? Number(epoch) : CREATED_SECONDS;
  const { hypervisor, machine, firmware } = request;
  return request.outputs.map((output) => ({
    label: suffixOf(output),
    directory: resolve(request.directory),
    imageName: `${stem}.${output.format}`,
    fileName: `${stem}.${suffixOf(output)}`,
    recipe: { output, hypervisor, createdSeconds, name: stem, machine, firmware, secureBoot: false },
  }));
}

async function refuseExisting(conversions: readonly Conversion[]): Promise<void> {
  const paths = conversions.map(({ directory, fileName }) => join(directory, fileName));
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) throw new Failure('usage', 'E_USAGE', `${basename(twice)} is asked for twice`);
  const existing: string[] = [];
  for (const path of paths) {
    if (await stat(path).catch(() => undefined)) existing.push(path);
  }
  if (existing.length === 0) return;
  throw new Failure('conflict', 'E_OUTPUT_EXISTS', `${existing.join(', ')} is there already`, {
    hint: 'remove it, or choose another directory with --out or another name with --name',
  });
}

async function convertAll(
  request: ConvertRequest,
  conversions: readonly Conversion[],
  context: WorkflowContext,
  onProgress: (detail: string, percent?: number) => void,
): Promise<ConvertOutcome> {
  const { run, clock, signal } = context;
  return withWorkDirectory('convert', context, async (scratch) => {
    const opened = await openImage(resolve(request.file), context);
    const disk = await readDisk(opened, scratch, context, onProgress);
    for (const { directory } of conversions) await mkdir(directory, { recursive: true });
    const results = await convertSideBySide(disk, conversions, { run, clock, signal, onProgress });
    const images = results.flatMap((result) => {
      if ('skipped' in result) throw result.skipped;
      const { format, outer } = result.conversion.recipe.output;
      return [{ format, outer, ...result.made }];
    });
    return { source: opened.report, images };
  });
}

const READ_DEADLINE_MS = 60 * 60_000;

/** A raw file is taken as it is; everything else becomes one, with holes where it holds nothing. */
async function readDisk(
  { qemuArguments, rawPath }: OpenedImage,
  scratch: string,
  context: WorkflowContext,
  onProgress: (detail: string, percent?: number) => void,
): Promise<SourceDisk> {
  if (rawPath !== undefined) return readSourceDisk(rawPath, context);
  const path = join(scratch, 'disk.raw');
  const args = ['convert', '-p', '-O', 'raw', ...qemuArguments, path];
  const onLine = (line: string): void => {
    const fraction = parseQemuProgress(line);
    if (fraction !== undefined) onProgress('reading the source', 100 * fraction);
  };
  const command = dieWithParent({ command: 'qemu-img', args, deadlineMs: READ_DEADLINE_MS });
  await context.run(command, { signal: context.signal, onLine });
  return readSourceDisk(path, context);
}
