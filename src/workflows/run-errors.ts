import { Failure } from '../errors/failure.ts';
import { isSystemError } from '../host/files.ts';

/** What programs write when a disk of this host is full; they pass on the C library's own words (strerror). */
const HOST_IS_FULL = /No space left on device|Disk quota exceeded/;

/**
 * What a failure within a run says about this host: a full or read-only disk is no fault of the program that met it
 * first. Any other error comes back as it is.
 *
 * @param directory of the run
 */
export function explainRunError(error: unknown, directory: string): unknown {
  if (isSystemError(error, 'ENOSPC', 'EDQUOT')) return full(directory, error.message, error);
  if (isSystemError(error, 'EACCES', 'EPERM', 'EROFS', 'EIO')) {
    const message = `the run cannot be written: ${error.message}`;
    return new Failure('host', 'E_RUN_UNWRITABLE', message, { hint: `look at ${directory}`, cause: error });
  }
  if (!(error instanceof Failure) || error.code !== 'E_COMMAND_FAILED') return error;
  const line = error.details.find((text) => HOST_IS_FULL.test(text));
  return line === undefined ? error : full(directory, line, error);
}

function full(directory: string, found: string, cause: Error): Failure {
  return new Failure('host', 'E_NO_SPACE', `there is no space left on this host for the run: ${found}`, {
    hint: `make room below ${directory} (npm run mintmark -- prune --runs), or set XDG_STATE_HOME`,
    cause,
  });
}
