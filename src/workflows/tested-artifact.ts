import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { TargetName } from '../profiles/profile.ts';
import { Failure } from '../errors/failure.ts';
import type { WorkflowContext } from './build-request.ts';
import { IMAGE_FORMATS } from './image-formats.ts';
import { imageOptions } from './image-options.ts';
import { inspectImage, type InspectedImage } from './inspect-image.ts';
import { requireConvertible } from './convertible-image.ts';
import { isOuter, unpackImage } from './unpack-image.ts';

/** An artifact that is going to be booted. */
export interface ArtifactFile {
  readonly path: string;
  readonly target: TargetName;
}

/** An artifact as QEMU is given it. */
export interface TestedArtifact extends ArtifactFile {
  /** Its name without directories. */
  readonly file: string;
  /** What it is by its content: `qcow2`, `vhd`, `ova`, … */
  readonly format: string;
  /** QEMU's `--image-opts` of the disk in it. */
  readonly imageOptions: string;
  /** Size of the disk that a guest sees. */
  readonly virtualSizeBytes: number;
  /** Whether anything was unpacked to get at the image. */
  readonly isUnpacked: boolean;
}

/**
 * Looks at an artifact and says how QEMU reads the disk in it; what is compressed from outside is unpacked into the
 * directory, which is made for that. Raises `E_IMAGE_NOT_CONVERTIBLE` for what holds no disk that may be read, `E_IMAGE_UNREADABLE` and what
 * {@link unpackImage} raises.
 */
export async function openArtifact(
  { path, target }: ArtifactFile,
  directory: string,
  context: WorkflowContext,
): Promise<TestedArtifact> {
  const options = { clock: context.clock, signal: context.signal, deep: false };
  const inspected = await inspectImage(path, options);
  const { format } = inspected.report;
  if (isOuter(format)) {
    await mkdir(directory, { recursive: true });
    const unpacked = join(directory, 'unpacked.img');
    await unpackImage(path, format, unpacked, context.signal);
    const inner = await inspectImage(unpacked, options);
    if (isOuter(inner.report.format)) throw twicePacked(path);
    return { ...diskIn(inner, path), path, target, file: basename(path), isUnpacked: true };
  }
  return { ...diskIn(inspected, path), path, target, file: basename(path), isUnpacked: false };
}

/** How QEMU reads the disk in an image. What is wrong with it is told of the artifact, whose name people know. */
function diskIn(
  inspected: InspectedImage,
  artifact: string,
): Pick<TestedArtifact, 'format' | 'imageOptions' | 'virtualSizeBytes'> {
  const { path, report } = inspected;
  const { format } = report;
  if (format === 'ova') {
    const [disk] = report.disks;
    return {
      format,
      imageOptions: IMAGE_FORMATS.ova.imageOptions(path, report),
      virtualSizeBytes: disk?.virtualSizeBytes ?? 0,
    };
  }
  const driver = requireConvertible(inspected, artifact).format;
  return {
    format,
    imageOptions: imageOptions(driver, path),
    virtualSizeBytes: report.virtualSizeBytes ?? 0,
  };
}

function twicePacked(path: string): Failure {
  return new Failure(
    'image-test',
    'E_IMAGE_NOT_CONVERTIBLE',
    `${path} is a compressed file in a compressed file`,
  );
}

/** Suffixes of images and what they are compressed in, as names of files have them. */
const SUFFIX = /\.((?:qcow2|raw|img|vhd|vhdx|vmdk|ova)(?:\.(?:gz|bz2|xz|zst|zip))?)$/i;

/** What the name of an artifact ends in: `qcow2`, `vhd.bz2`; `image` where it ends in none of that. */
export function imageSuffix(path: string): string {
  return SUFFIX.exec(path)?.[1]?.toLowerCase() ?? 'image';
}
