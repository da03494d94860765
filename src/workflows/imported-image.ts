import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Failure } from '../errors/failure.ts';
import { copySparsely } from '../host/copy-file.ts';
import { digestFile, type FileDigests } from '../host/digest-file.ts';
import type { ImageReport } from '../inspection/image-report.ts';
import { renderFault, unsoundImage } from '../inspection/sound-image.ts';
import type { ReleaseArtifact } from '../manifests/release.ts';
import type { WorkflowContext } from './build-request.ts';
import { linkOrCopyFile } from './catalogue-files.ts';
import { inspectImage, type InspectedImage } from './inspect-image.ts';
import { readSystem, UNKNOWN_SYSTEM, type DiskSystem } from './read-system.ts';
import { isOuter, OUTER_FORMATS, unpackImage } from './unpack-image.ts';
import { withWorkDirectory } from './work-directory.ts';

/** An image that was made elsewhere, proven and in its place. */
export interface ImportedImage {
  /** Everything of its artifact but what it is called, and for whom. */
  readonly artifact: Omit<ReleaseArtifact, 'file' | 'target'>;
  readonly system: DiskSystem;
}

/** Where an image comes from and goes to. */
export interface ImagePlace {
  readonly file: string;
  readonly staged: string;
  /** Whether both names may stand for the same bytes; the first one must never be written to again then. */
  readonly link: boolean;
}

/**
 * Refuses at once, without reading all of it, what can be no release.
 *
 * Raises `E_IMAGE_UNREADABLE` (usage) for a file that is not there or no file; of kind `image-test` `E_IMAGE_UNSOUND` with
 * every fault, `E_IMAGE_DEPENDS` when it is not whole without another file, `E_IMAGE_UNRECOGNISED`.
 */
export async function refuseUnfit(file: string, { clock, signal }: WorkflowContext): Promise<void> {
  const inspected = await inspectImage(file, { clock, signal, deep: false });
  if (!isOuter(inspected.report.format)) requireFit(inspected, file);
}

/**
 * Brings an image to its new place and proves it there, so that what was looked at is what gets filed whatever happens to
 * the original. Raises as {@link refuseUnfit}, and what copying and unpacking raise.
 */
export async function takeImage(place: ImagePlace, context: WorkflowContext): Promise<ImportedImage> {
  const { file, staged } = place;
  const { clock, signal } = context;
  const digests = await bringIn(place, signal);
  const inspected = await inspectImage(staged, { clock, signal, deep: true });
  const { format } = inspected.report;
  if (!isOuter(format)) {
    requireFit(inspected, file);
    return { artifact: describe(inspected.report, digests, file), system: await systemOf(inspected) };
  }
  return withWorkDirectory('import', context, async (directory) => {
    const path = join(directory, 'unpacked.img');
    await unpackImage(staged, format, path, signal);
    const inner = await inspectImage(path, { clock, signal, deep: true });
    requireFit(inner, `what is packed in ${file}`);
    const { sizeBytes, sha256 } = await digestFile(path, signal);
    return {
      artifact: {
        ...describe(inner.report, digests, file),
        outer: OUTER_FORMATS[format],
        uncompressed: { sizeBytes, sha256 },
      },
      system: await systemOf(inner),
    };
  });
}

async function bringIn({ file, staged, link }: ImagePlace, signal: AbortSignal): Promise<FileDigests> {
  if (!link) return copySparsely(file, staged, signal);
  await linkOrCopyFile(file, staged);
  return digestFile(staged, signal);
}

/** The day on which the file was last written to, for hints. Raises `E_IMAGE_UNREADABLE` (usage). */
export async function readMadeAt(file: string): Promise<Date> {
  try {
    return (await stat(file)).mtime;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('usage', 'E_IMAGE_UNREADABLE', `${file} cannot be read: ${reason}`, { cause });
  }
}

function requireFit({ report, chainFaults }: InspectedImage, name: string): void {
  const [reference] = report.references;
  if (reference !== undefined) {
    const message = `${name} is not whole: it needs the ${reference.kind} ${JSON.stringify(reference.name)}`;
    throw new Failure('image-test', 'E_IMAGE_DEPENDS', message, {
      hint: 'mintmark convert makes one whole image of it',
      details: chainFaults.map(renderFault),
    });
  }
  if (report.faults.length > 0) throw unsoundImage(name, report.faults, report.furtherFaults);
  const isEmpty = report.boot === undefined || report.boot.partitionTable === 'none';
  if (isOuter(report.format) || (report.format === 'raw' && isEmpty && report.features.length === 0)) {
    const what = isOuter(report.format)
      ? `a ${report.format} in another`
      : 'no disk that anything is known of';
    throw new Failure('image-test', 'E_IMAGE_UNRECOGNISED', `${name} is ${what}`, {
      hint: `mintmark inspect ${basename(name)} shows what is in it`,
    });
  }
}

function describe(report: ImageReport, digests: FileDigests, name: string): ImportedImage['artifact'] {
  const virtualSizeBytes = report.virtualSizeBytes ?? report.disks[0]?.virtualSizeBytes;
  if (virtualSizeBytes === undefined || report.disks.length > 1) {
    const message = `${name} holds ${report.disks.length} disks, and a release has one`;
    throw new Failure('image-test', 'E_IMAGE_UNRECOGNISED', message);
  }
  return {
    role: 'disk',
    format: report.format,
    ...digests,
    virtualSizeBytes,
    compression: compressionOf(report),
  };
}

function compressionOf({ features, subformat, disks }: ImageReport): ReleaseArtifact['compression'] {
  if (features.some((feature) => feature.endsWith('compressed clusters'))) {
    return features.includes('zstd') ? 'zstd' : 'zlib';
  }
  // Grains of a stream-optimized VMDK are deflated (VMware's Virtual Disk Format 5.0).
  return [subformat, ...disks.map((disk) => disk.subformat)].includes('streamOptimized') ? 'zlib' : 'none';
}

/** Only a raw disk can be read without a program that understands the format, and without another copy of it. */
async function systemOf({ path, report }: InspectedImage): Promise<DiskSystem> {
  return report.format === 'raw' ? readSystem(path) : UNKNOWN_SYSTEM;
}
