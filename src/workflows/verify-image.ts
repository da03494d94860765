import { Failure } from '../errors/failure.ts';
import type { Clock } from '../host/clock.ts';
import { dieWithParent } from '../host/die-with-parent.ts';
import type { Runner } from '../host/run.ts';
import type { ImageReport } from '../inspection/image-report.ts';
import { requireSound } from '../inspection/sound-image.ts';
import type { Output } from '../profiles/profile.ts';
import { IMAGE_FORMATS } from './image-formats.ts';
import { imageOptions } from './image-options.ts';
import { inspectFile } from './inspect-image.ts';
import type { SourceDisk } from './source-disk.ts';

const VERIFY_DEADLINE_MS = 60 * 60_000;

/** What checking needs. */
export interface VerifyOptions {
  readonly run: Runner;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/**
 * Proves that a written image is its source in the wanted format: by our own strict checker, which shares nothing with
 * the writers, and by QEMU, which checks it in its own way and compares every block.
 *
 * Raises `E_CONVERSION_WRONG` for an image that is anything else, and what the runner raises.
 */
export async function verifyImage(
  path: string,
  output: Output,
  disk: SourceDisk,
  options: VerifyOptions,
): Promise<void> {
  try {
    const report = await checkStrictly(path, output, disk, options);
    await compareByQemu(path, output, { disk, report }, options);
  } catch (error) {
    if (!(error instanceof Failure) || !['image-test', 'command'].includes(error.kind)) throw error;
    if (!WRONG.includes(error.code)) throw error;
    throw new Failure(
      'command',
      'E_CONVERSION_WRONG',
      `the written ${output.format} is wrong: ${error.message}`,
      {
        details: error.details,
        cause: error,
      },
    );
  }
}

/** Codes by which readers say that the image is at fault. */
const WRONG = ['E_IMAGE_UNSOUND', 'E_IMAGE_UNEXPECTED', 'E_IMAGE_NOT_CONVERTIBLE', 'E_COMMAND_FAILED'];

async function checkStrictly(
  path: string,
  output: Output,
  { virtualSizeBytes }: SourceDisk,
  { clock, signal }: VerifyOptions,
): Promise<ImageReport> {
  // What it holds is left to QEMU's comparison; digests in an archive are nothing that QEMU would look at.
  const how = { clock, signal, deep: false, digests: true };
  const report = await inspectFile(path, how, output.format);
  const subformat = IMAGE_FORMATS[output.format].subformat(output);
  requireSound('it', report, {
    format: output.format,
    virtualSizeBytes,
    ...(subformat === undefined ? {} : { subformat }),
  });
  return report;
}

async function compareByQemu(
  path: string,
  output: Output,
  { disk, report }: { readonly disk: SourceDisk; readonly report: ImageReport },
  { run, signal }: VerifyOptions,
): Promise<void> {
  const format = IMAGE_FORMATS[output.format];
  const opened = format.imageOptions(path, report);
  const qemuImg = async (...args: string[]): Promise<string> => {
    const call = { command: 'qemu-img', args, deadlineMs: VERIFY_DEADLINE_MS };
    return (await run(dieWithParent(call), { signal })).stdout;
  };
  const size = virtualSizeOf(await qemuImg('info', '--output=json', '--image-opts', opened));
  if (size !== disk.virtualSizeBytes) {
    const message = `QEMU takes it for a disk of ${size} bytes, its source has ${disk.virtualSizeBytes}`;
    throw new Failure('image-test', 'E_IMAGE_UNEXPECTED', message);
  }
  if (format.isCheckable) await qemuImg('check', '-q', '--image-opts', opened);
  await qemuImg('compare', '-q', '--image-opts', imageOptions('raw', disk.path), opened);
}

function virtualSizeOf(info: string): number | undefined {
  const value: unknown = JSON.parse(info);
  const isInfo = typeof value === 'object' && value !== null && 'virtual-size' in value;
  return isInfo && typeof value['virtual-size'] === 'number' ? value['virtual-size'] : undefined;
}
