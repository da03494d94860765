import type { OptionTable } from '../option.ts';

/** Options that change a profile before it is used; every command that takes a profile has them. */
export const PROFILE_CHANGES = {
  target: { kind: 'list', value: 'TARGET', summary: "use these targets instead of the profile's own" },
  set: { kind: 'list', value: 'PATH=VALUE', summary: 'override one value, such as disk.sizeMiB=8192' },
} as const satisfies OptionTable;

/** Options that say where packages come from. */
export const PACKAGE_SOURCES = {
  mirror: { kind: 'text', value: 'URL', summary: "package mirror; else the profile's, else this host's own" },
  'guest-mirror': { kind: 'text', value: 'URL', summary: "mirror that the finished guest's apt uses" },
  offline: { kind: 'flag', summary: 'use only what the cache holds' },
} as const satisfies OptionTable;

/** How the build VM runs. */
export const ACCELERATOR = {
  accel: {
    kind: 'choice',
    choices: ['auto', 'kvm', 'tcg'],
    default: 'auto',
    summary: 'how the build VM runs; auto measures',
  },
} as const satisfies OptionTable;

/** Which Packer is used. */
export const PACKER = {
  packer: {
    kind: 'text',
    value: 'PATH',
    summary: 'Packer to use; else MINTMARK_PACKER, else the one on PATH',
  },
} as const satisfies OptionTable;

/** For commands that take exactly one profile. */
export const ONE_PROFILE = {
  profile: { kind: 'text', value: 'PROFILE', summary: 'built-in name or profile file', required: true },
} as const satisfies OptionTable;

/** Target names from `--target` options, each a name or several with commas between them. */
export function targetsOf(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(','));
}
