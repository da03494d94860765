import { Failure } from '../errors/failure.ts';
import { isSystemError } from '../host/files.ts';
import { findFullDisk } from './full-disk.ts';

/**
 * What a failure within a run says about this host: a full or read-only disk is no fault of the program that met it
 * first. Any other error comes back as it is.
 *
 * @param directory of the run
 */
export function explainRunError(error: unknown, directory: string): unknown {
  const found = findFullDisk(error);
  if (found !== undefined) return full(directory, found, error);
  if (isSystemError(error, 'EACCES', 'EPERM', 'EROFS', 'EIO')) {
    const message = `the run cannot be written: ${error.message}`;
    return new Failure('host', 'E_RUN_UNWRITABLE', message, { hint: `look at ${directory}`, cause: error });
  }
  return error;
}

function full(directory: string, found: string, cause: unknown): Failure {
  return new Failure('host', 'E_NO_SPACE', `there is no space left on this host for the run: ${found}`, {
    hint: `make room below ${directory} (npm run mintmark -- prune --runs), or set XDG_STATE_HOME`,
    cause,
  });
}
