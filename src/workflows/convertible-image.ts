import { Failure } from '../errors/failure.ts';
import type { ImageFormat } from '../inspection/image-report.ts';
import { renderFaults } from '../inspection/sound-image.ts';
import { imageNameForQemu } from '../values/qemu-image-name.ts';
import type { InspectedImage } from './inspect-image.ts';

/** An image as `qemu-img` is given it: never a bare name, never without a format. */
export interface QemuImage {
  /** `file:` and an absolute path. */
  readonly name: string;
  /** QEMU's word for the format. */
  readonly format: string;
}

/** Formats that QEMU reads for us, in its words. */
const QEMU_FORMATS: Readonly<Partial<Record<ImageFormat, string>>> = {
  qcow2: 'qcow2',
  vhd: 'vpc',
  vmdk: 'vmdk',
  vhdx: 'vhdx',
  raw: 'raw',
};

/**
 * What may be handed to `qemu-img`: an image of a known format that nothing is wrong with but rules of style, and that
 * leads to no file but backing files which were looked at. Raises `E_IMAGE_NOT_CONVERTIBLE`, with offset and field.
 *
 * @param subject what people call it; its path unless given
 */
export function requireConvertible({ path, report, chainFaults }: InspectedImage, subject = path): QemuImage {
  const refuse = (message: string, details: readonly string[] = []): Failure =>
    new Failure('image-test', 'E_IMAGE_NOT_CONVERTIBLE', `${subject} cannot be converted: ${message}`, {
      details,
      evidence: { format: report.format },
    });
  const damage = [...report.faults, ...chainFaults].filter(({ kind }) => kind === 'damage');
  const lines = renderFaults(damage, report.furtherFaults);
  if (damage.length > 0) throw refuse(lines[0] ?? '', lines.slice(1));
  const elsewhere = report.references.find(({ kind }) => kind !== 'backing file');
  if (elsewhere)
    throw refuse(`it needs the ${elsewhere.kind} ${JSON.stringify(elsewhere.name)}, which is not opened`);
  if (report.features.includes('encrypted')) throw refuse('it is encrypted');
  const format = QEMU_FORMATS[report.format];
  if (format === undefined) throw refuse(`it is ${report.format}: unpack what is inside first`);
  return { name: imageNameForQemu(path), format };
}
