import { Failure } from '../errors/failure.ts';

/** One thing that the doctor looked at. */
export interface DoctorFinding {
  /** What was looked at, one or two words: `packer`, `user namespaces`. */
  readonly name: string;
  /** `warn`: a build works, but slower or not for long. `fail`: a build does not work. */
  readonly status: 'ok' | 'warn' | 'fail';
  /** What was found, one line. */
  readonly text: string;
  /** What to do about it; present unless all is well. */
  readonly remedy?: string;
}

/** The findings of a check; one that raises a {@link Failure} has found just that. */
export async function findingsOf(
  name: string,
  check: () => Promise<DoctorFinding | readonly DoctorFinding[]>,
): Promise<readonly DoctorFinding[]> {
  try {
    const found = await check();
    return 'name' in found ? [found] : found;
  } catch (error) {
    if (!(error instanceof Failure) || error.kind === 'interrupted') throw error;
    const remedy = error.hint ?? error.details[0] ?? 'see the message';
    return [{ name, status: 'fail', text: error.message, remedy }];
  }
}
