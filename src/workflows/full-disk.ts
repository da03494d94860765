import { dirname } from 'node:path';
import { Failure } from '../errors/failure.ts';
import { isSystemError } from '../host/files.ts';

/** What programs write when a disk of this host is full; they pass on the C library's own words (strerror). */
const DISK_IS_FULL = /No space left on device|Disk quota exceeded/;

/**
 * How an error, ours or that of a program that failed, says that a disk of this host is full; undefined when it does
 * not say so.
 */
export function findFullDisk(error: unknown): string | undefined {
  if (isSystemError(error, 'ENOSPC', 'EDQUOT')) return error.message;
  if (!(error instanceof Failure) || error.code !== 'E_COMMAND_FAILED') return undefined;
  return error.details.find((text) => DISK_IS_FULL.test(text));
}

/** An error met while a file was written; a disk that was full for it becomes `E_NO_SPACE`, any other stays as it is. */
export function explainWriteError(error: unknown, path: string): unknown {
  const found = findFullDisk(error);
  if (found === undefined) return error;
  return new Failure('host', 'E_NO_SPACE', `there is no space left for ${path}: ${found}`, {
    hint: `make room in ${dirname(path)}`,
    cause: error,
  });
}
