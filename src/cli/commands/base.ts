import { checkAssignments, checkMirror } from '../check-values.ts';
import type { Command } from '../command.ts';
import { definedMembers } from '../defined-members.ts';
import {
  ACCELERATOR,
  ONE_PROFILE,
  PACKAGE_SOURCES,
  PACKER,
  PROFILE_CHANGES,
  targetsOf,
} from './profile-options.ts';

const OPTIONS = {
  ...ONE_PROFILE,
  ...PROFILE_CHANGES,
  ...PACKAGE_SOURCES,
  ...ACCELERATOR,
  ...PACKER,
  rebuild: { kind: 'flag', summary: 'make it again although the cache has it' },
} as const;

/** `mintmark base`: only the base disk, into the cache. */
export const baseCommand: Command<typeof OPTIONS> = {
  name: 'base',
  summary: 'make only the base disk of a profile, and print its path',
  options: OPTIONS,
  positionals: [],
  examples: [{ commandLine: 'mintmark base --profile server', does: 'the disk that Packer starts from' }],
  run: async ({ options }, { workflow, catalogue, summaryLayout }) => {
    const request = {
      profiles: [options.profile],
      targets: targetsOf(options.target),
      set: checkAssignments('set', options.set),
      catalogue,
      newCatalogue: false,
      accelerator: options.accel,
      offline: options.offline,
      test: false,
      rebuild: options.rebuild,
      wait: false,
      keepFailed: false,
      dryRun: false,
      ...definedMembers({
        mirror: checkMirror('mirror', options.mirror),
        guestMirror: checkMirror('guest-mirror', options['guest-mirror']),
        packer: options.packer,
      }),
    };
    const { makeBaseOfProfile } = await import('../../workflows/base-of-profile.ts');
    const base = await makeBaseOfProfile(options.profile, request, workflow);
    const about = base.cached ? 'from the cache' : 'fresh';
    return {
      document: { ...base },
      summary: `${base.path}\n  ${summaryLayout.style.dim(about)}`,
      result: base.path,
    };
  },
};
