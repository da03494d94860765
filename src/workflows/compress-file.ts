import { open } from 'node:fs/promises';
import { DEFAULT_WORKERS } from '../host/deflate-workers.ts';
import { writeImageFile } from '../host/image-file.ts';
import { streamCommand } from '../host/stream-command.ts';
import type { CommandSpec } from '../values/command-spec.ts';
import { writeGzip, writeZip, type DeflateFileOptions } from './deflate-file.ts';
import { explainWriteError } from './full-disk.ts';

/** What can be around an image file; the word is its suffix. */
export type OuterFormat = 'gz' | 'bz2' | 'xz' | 'zst' | 'zip';

/** How a file is compressed. */
export interface CompressFileOptions extends DeflateFileOptions {
  readonly outer: OuterFormat;
  /** What the file is called inside; only a zip tells. */
  readonly memberName: string;
}

/** A large disk with xz on one slow core takes hours; beyond this the tool hangs. */
const COMPRESS_DEADLINE_MS = 12 * 3_600_000;

/** A file's size, and how many threads may work on it. */
interface Extent {
  readonly sizeBytes: number;
  readonly threads: number;
}

/**
 * The program that compresses standard input. Every program cuts its input into blocks of a fixed size, so the number
 * of threads changes nothing in what comes out. Measured on 160 MiB of a system VM's VHD with two threads: xz is 1.3 %
 * larger than with the blocks of 24 MiB that it would take itself, zstd 0.2 % larger than with 32 MiB, in a third of the
 * memory. lbzip2's blocks are bzip2's own; unlike pbzip2 it writes one stream, as readers that stop after the first
 * want it, and takes two thirds of the time.
 */
const COMPRESSORS: Readonly<Record<Exclude<OuterFormat, 'gz' | 'zip'>, (extent: Extent) => CommandSpec>> = {
  bz2: ({ threads }) => command('lbzip2', ['-9', '-c', '-n', String(threads)]),
  // `+1`: one thread, and yet blocks. The limit lowers the number of threads (about 105 MiB each), never the blocks.
  xz: ({ threads }) =>
    command('xz', [
      '-6',
      '-c',
      `-T${threads === 1 ? '+1' : threads}`,
      '--block-size=8MiB',
      '--check=crc64',
      '--memlimit-compress=512MiB',
    ]),
  // Level 9 takes half the time of 12 for 1 % more; its window of 4 MiB suits every reader.
  zst: ({ threads, sizeBytes }) =>
    command('zstd', ['-9', '-q', '-c', '--check', `-T${threads}`, '-B8MiB', `--stream-size=${sizeBytes}`]),
};

/**
 * Compresses a file. The same content gives the same bytes at any number of threads; names and times of files leave no
 * trace, but for the name that a zip's member gets. The result appears under its name only when it is complete; an older one
 * is replaced then.
 *
 * Raises `E_TOOL_MISSING`, `E_NO_SPACE`, what a program that fails raises, the signal's reason (`E_INTERRUPTED` where a
 * program was at work), and the system error of a file that cannot be read or written.
 */
export async function compressFile(
  path: string,
  outPath: string,
  { outer, ...options }: CompressFileOptions,
): Promise<void> {
  try {
    await writeImageFile(outPath, async (target) => {
      if (outer === 'gz') return writeGzip(path, target, options);
      if (outer === 'zip') return writeZip(path, target, options);
      return writeByProgram(path, target.handle.fd, { outer, ...options });
    });
  } catch (error) {
    throw explainWriteError(error, outPath);
  }
}

async function writeByProgram(
  path: string,
  outputFd: number,
  { outer, workers = DEFAULT_WORKERS, signal, onProgress }: WriteByProgramOptions,
): Promise<void> {
  const input = await open(path, 'r');
  try {
    const sizeBytes = (await input.stat()).size;
    const onInput = onProgress && ((offset: number): void => onProgress(offset, sizeBytes));
    const spec = COMPRESSORS[outer]({ sizeBytes, threads: Math.max(1, workers) });
    await streamCommand(spec, { inputFd: input.fd, output: outputFd, signal, onInput });
    onProgress?.(sizeBytes, sizeBytes);
  } finally {
    await input.close();
  }
}

interface WriteByProgramOptions extends DeflateFileOptions {
  readonly outer: keyof typeof COMPRESSORS;
}

function command(program: string, args: readonly string[]): CommandSpec {
  return { command: program, args, deadlineMs: COMPRESS_DEADLINE_MS };
}
