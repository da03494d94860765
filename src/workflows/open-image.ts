import { Failure } from '../errors/failure.ts';
import type { ImageReport } from '../inspection/image-report.ts';
import { unsoundImage } from '../inspection/sound-image.ts';
import type { WorkflowContext } from './build-request.ts';
import { requireConvertible } from './convertible-image.ts';
import { embeddedImageOptions } from './image-options.ts';
import { inspectImage } from './inspect-image.ts';

/** An image that was looked at and may be read. */
export interface OpenedImage {
  readonly report: ImageReport;
  /** What makes `qemu-img` open it, and nothing else. */
  readonly qemuArguments: readonly string[];
  /** The file itself, where that is the disk. */
  readonly rawPath?: string;
}

/**
 * Looks at a file and says how its disk is read. Nothing that the file says of itself is believed before it was checked.
 * Raises `E_IMAGE_NOT_CONVERTIBLE`, `E_IMAGE_UNSOUND` and `E_IMAGE_UNREADABLE`.
 */
export async function openImage(file: string, { clock, signal }: WorkflowContext): Promise<OpenedImage> {
  const inspected = await inspectImage(file, { clock, signal, deep: false });
  const { path, report } = inspected;
  if (report.format === 'ova') return { report, qemuArguments: ['--image-opts', ovaOptions(path, report)] };
  const { name, format } = requireConvertible(inspected);
  const qemuArguments = ['-f', format, name];
  return report.format === 'raw' ? { report, qemuArguments, rawPath: path } : { report, qemuArguments };
}

/** How QEMU reads the disk of an OVA without unpacking it. Raises as {@link openImage}. */
export function ovaOptions(path: string, report: ImageReport): string {
  const damage = report.faults.filter(({ kind }) => kind === 'damage');
  if (damage.length > 0) throw unsoundImage(path, damage, report.furtherFaults);
  const [disk, ...others] = report.disks;
  if (disk?.archiveOffset === undefined || others.length > 0) {
    const message = `${path} cannot be converted: it is an OVA with ${report.disks.length} disks, not one`;
    throw new Failure('image-test', 'E_IMAGE_NOT_CONVERTIBLE', message);
  }
  const part = { offset: disk.archiveOffset, length: disk.fileSizeBytes };
  return embeddedImageOptions('vmdk', path, part);
}
