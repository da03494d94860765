import { realpath } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { Failure } from '../errors/failure.ts';
import type { Clock } from '../host/clock.ts';
import { openFileSource } from '../host/file-source.ts';
import { checkImage } from '../inspection/check-image.ts';
import { imageNameFault } from '../inspection/image-name.ts';
import type { CheckedFormat, ImageFault, ImageReport } from '../inspection/image-report.ts';

/** How a file is inspected. */
export interface InspectOptions {
  readonly clock: Clock;
  /** Reads all data, too. */
  readonly deep: boolean;
  /** Compares the digests that an archive names; a deep inspection does that anyway. */
  readonly digests?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An image that another one is built upon. */
export interface ChainedImage {
  /** As the header above has it. */
  readonly name: string;
  readonly path: string;
  readonly report: ImageReport;
}

/** An image and all below it. */
export interface InspectedImage {
  /** Absolute, without links. */
  readonly path: string;
  readonly report: ImageReport;
  /** Nearest first, as far as it may be followed. */
  readonly chain: readonly ChainedImage[];
  /** What is wrong with the chain, and with the images in it. */
  readonly chainFaults: readonly ImageFault[];
}

/** Images below one another that are followed. */
const MOST_CHAINED = 8;

/** Where a qcow2 header has the place of its backing file's name (docs/interop/qcow2). */
const BACKING_NAME_PLACE = 8;

/** Formats that a backing file may be said to have, as QEMU calls them. */
const BACKING_FORMATS: Readonly<Record<string, CheckedFormat>> = { qcow2: 'qcow2', raw: 'raw' };

/**
 * What a single file is, and everything that is wrong with it; other files that it names are not opened.
 * Raises `E_IMAGE_UNREADABLE` and the signal's reason.
 * @param format taken for granted, instead of what the content looks like
 */
export async function inspectFile(
  path: string,
  options: InspectOptions,
  format?: CheckedFormat,
): Promise<ImageReport> {
  const source = await openFileSource(path);
  try {
    const { clock, ...how } = options;
    const report = await checkImage(source, { now: clock.now(), ...how }, format);
    const used = Math.min(source.diskUsageBytes, source.sizeBytes);
    return report.format === 'raw' ? { ...report, allocatedBytes: used } : report;
  } finally {
    await source.close();
  }
}

/**
 * What a file is, with the chain of backing files below it. Only plain relative names that stay in the image's own
 * directory are followed, each with the format that the header above states.
 * Raises `E_IMAGE_UNREADABLE` for the file itself, and the signal's reason.
 */
export async function inspectImage(file: string, options: InspectOptions): Promise<InspectedImage> {
  const path = await realpathOf(resolve(file));
  const report = await inspectFile(path, options);
  const chain: ChainedImage[] = [];
  const chainFaults: ImageFault[] = [];
  for (let above = { path, report }; ;) {
    const next = await nextImage(above, [path, ...chain.map((image) => image.path)], options);
    if (next === undefined) break;
    if ('message' in next) {
      chainFaults.push({
        offset: BACKING_NAME_PLACE,
        field: 'backing file',
        kind: 'damage',
        file: above.path,
        ...next,
      });
      break;
    }
    chainFaults.push(...next.report.faults.map((fault) => ({ ...fault, file: next.path })));
    chain.push(next);
    above = next;
  }
  return { path, report, chain, chainFaults };
}

/** The image right below, why there can be none, or undefined at the end of the chain. */
async function nextImage(
  above: Pick<ChainedImage, 'path' | 'report'>,
  passed: readonly string[],
  options: InspectOptions,
): Promise<ChainedImage | { message: string } | undefined> {
  const reference = above.report.references.find(({ kind }) => kind === 'backing file');
  if (!reference) return undefined;
  const shown = JSON.stringify(reference.name);
  const fault = imageNameFault(reference.name);
  if (fault !== undefined) return { message: `${shown} ${fault}: not followed` };
  const format = BACKING_FORMATS[reference.format ?? ''];
  if (format === undefined)
    return { message: `${shown} has the format ${JSON.stringify(reference.format ?? '')}: not followed` };
  if (passed.length > MOST_CHAINED) return { message: `${shown} is more than ${MOST_CHAINED} images deep` };
  try {
    const directory = dirname(above.path);
    const path = await realpathOf(resolve(directory, reference.name));
    if (/^\.\.(?:\/|$)/.test(relative(directory, path)))
      return { message: `${shown} leads out of ${directory}` };
    if (passed.includes(path)) return { message: `${shown} leads back to ${path}: a cycle` };
    return { name: reference.name, path, report: await inspectFile(path, options, format) };
  } catch (error) {
    if (error instanceof Failure && error.kind === 'usage') return { message: error.message };
    throw error;
  }
}

async function realpathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure('usage', 'E_IMAGE_UNREADABLE', `${path} cannot be read: ${reason}`, { cause: error });
  }
}
