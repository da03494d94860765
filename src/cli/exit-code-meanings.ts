import type { EXIT_CODES } from '../errors/failure.ts';

/** What each exit code tells a script; help and README print this table. */
export const EXIT_CODE_MEANINGS: Readonly<Record<keyof typeof EXIT_CODES, string>> = {
  success: 'done; `build` with nothing to do also returns this',
  bug: 'a bug in Mintmark: please report it',
  usage: 'the command line is wrong',
  profile: 'a profile is wrong; all its faults are listed',
  host: 'this machine lacks something: a tool, space, an accelerator, a mirror that answers',
  command: 'a program that was run failed',
  conflict: 'the release or the catalogue is in a state that forbids this',
  'image-test': 'the image failed its tests',
  'up-to-date': 'up to date (only `outdated` says so)',
  interrupted: 'interrupted by a signal; everything was cleaned up',
};
