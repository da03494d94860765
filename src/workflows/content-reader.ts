import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '../catalogue/finding.ts';
import { renderByteSize } from '../values/byte-size.ts';
import { inBatches } from './in-batches.ts';
import { verifyContent, type RecordedFile } from './verify-content.ts';

/** Reads recorded files and counts what it read. */
export interface ContentReader {
  /** What is not as recorded among these files. */
  readonly readContent: (files: readonly RecordedFile[]) => Promise<readonly Finding[]>;
  /** How much was read so far. */
  readonly read: () => { readonly files: number; readonly sizeBytes: number };
}

/** One file is read while another is hashed; more would only take the disk's head about. */
const AT_ONCE = 2;

/** How a reader tells of itself, and is stopped. */
export interface ContentReaderOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (detail: string) => void;
}

/** Makes the reader; with `isIdle` it reads nothing. */
export function createContentReader(
  catalogue: string,
  isIdle: boolean,
  { signal, onProgress }: ContentReaderOptions,
): ContentReader {
  const done = { files: 0, sizeBytes: 0 };
  const readOne = async (file: RecordedFile): Promise<Finding[]> => {
    const sizeBytes = await sizeOf(catalogue, file);
    onProgress(`${file.path}, ${renderByteSize(sizeBytes)}`);
    const findings = await verifyContent(catalogue, file, signal);
    done.files += 1;
    done.sizeBytes += sizeBytes;
    return findings;
  };
  return {
    readContent: async (files) => (isIdle ? [] : (await inBatches(files, readOne, AT_ONCE)).flat()),
    read: () => done,
  };
}

async function sizeOf(catalogue: string, { path }: RecordedFile): Promise<number> {
  return (await lstat(join(catalogue, path)).catch(() => undefined))?.size ?? 0;
}
