import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { planDialect, type PackerDialect } from '../../src/packer/dialect.ts';
import type { PackerProject } from '../../src/packer/project.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { withGuestFiles } from '../../src/workflows/guest-files.ts';
import { loadProfile } from '../../src/workflows/load-profile.ts';
import { readAndPlanProject } from '../../src/workflows/render-project.ts';

/** One Packer of each dialect. */
export const GOLDEN_DIALECTS: readonly PackerDialect[] = [planDialect('1.6.6'), planDialect('1.16.0')];

/** Every folder here that holds a profile. */
export const GOLDEN_CASES: readonly string[] = readdirSync(import.meta.dirname).filter((name) =>
  existsSync(join(import.meta.dirname, name, 'profile.json')),
);

/** The profile of a case. */
export async function goldenProfile(name: string): Promise<Profile> {
  const reference = join(import.meta.dirname, name, 'profile.json');
  return (await loadProfile({ reference })).profile;
}

/** The project of a case. */
export async function planGolden(name: string, dialect: PackerDialect): Promise<PackerProject> {
  return readAndPlanProject(withGuestFiles(await goldenProfile(name), undefined), dialect);
}
