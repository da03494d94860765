import { Failure } from '../errors/failure.ts';
import { dieWithParent } from '../host/die-with-parent.ts';
import type { Runner } from '../host/run.ts';
import type { ImageFormat } from './image-format.ts';
import { imageOptions } from './image-options.ts';
import type { SourceDisk } from './source-disk.ts';

const VERIFY_DEADLINE_MS = 60 * 60_000;

/** How qemu-img is called. */
interface QemuOptions {
  readonly run: Runner;
  readonly signal: AbortSignal;
}

/**
 * Lets QEMU read a written image back: its structure, its size, and every block beside the source's.
 *
 * @param name what the image is called in messages
 * Raises `E_CONVERSION_WRONG` for an image that is not what its source is, and what the runner raises.
 */
export async function readBackImage(
  image: { readonly path: string; readonly format: ImageFormat; readonly name: string },
  disk: SourceDisk,
  options: QemuOptions,
): Promise<void> {
  const opened = await image.format.imageOptions(image.path);
  const wrong = (message: string, cause?: Failure): Failure =>
    new Failure('command', 'E_CONVERSION_WRONG', `the ${image.name} ${message}`, {
      details: cause?.details ?? [],
      cause,
    });
  const qemuImg = async (verb: string, args: readonly string[], complaint: string): Promise<string> => {
    const call = { command: 'qemu-img', args: [verb, ...args], deadlineMs: VERIFY_DEADLINE_MS };
    try {
      return (await options.run(dieWithParent(call), { signal: options.signal })).stdout;
    } catch (error) {
      throw error instanceof Failure && error.code === 'E_COMMAND_FAILED' ? wrong(complaint, error) : error;
    }
  };
  const info = await qemuImg('info', ['--output=json', '--image-opts', opened], 'cannot be opened by QEMU');
  const size = virtualSizeOf(info);
  if (size !== disk.virtualSizeBytes) {
    throw wrong(`is a disk of ${size} bytes, its source has ${disk.virtualSizeBytes}`);
  }
  if (image.format.isCheckable) {
    await qemuImg('check', ['-q', '--image-opts', opened], 'is damaged');
  }
  const source = imageOptions('raw', disk.path);
  await qemuImg('compare', ['-q', '--image-opts', source, opened], 'does not hold what its source holds');
}

function virtualSizeOf(info: string): number | undefined {
  const value: unknown = JSON.parse(info);
  const isInfo = typeof value === 'object' && value !== null && 'virtual-size' in value;
  return isInfo && typeof value['virtual-size'] === 'number' ? value['virtual-size'] : undefined;
}
