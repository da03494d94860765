import { Failure } from '../errors/failure.ts';

/** A mistake on the command line: `E_USAGE`, exit 2. */
export function usageFailure(message: string, hint = 'mintmark --help shows the commands'): Failure {
  return new Failure('usage', 'E_USAGE', message, { hint });
}
