import { readFile } from 'node:fs/promises';
import { InvalidDocument } from '../errors/fault.ts';
import type { Profile } from '../profiles/profile.ts';
import type { FileDigests } from '../profiles/recipe.ts';
import { checkSecrets } from '../profiles/secrets.ts';
import { unsupportedYet } from '../profiles/unsupported-yet.ts';
import type { BuildRequest, WorkflowContext } from './build-request.ts';
import { digestProfileFiles, loadProfile } from './load-profile.ts';

/** A profile that can be built, with what its files hold. */
export interface PreparedProfile {
  readonly profile: Profile;
  readonly fileDigests: FileDigests;
  /** Keys of the profile's extra package sources, by source name. */
  readonly sourceKeys: Readonly<Record<string, string>>;
}

/** Reads a profile and looks at everything it needs of this host's files and environment; raises every fault at once. */
export async function prepareProfile(
  reference: string,
  request: Pick<BuildRequest, 'targets' | 'set'>,
  context: Pick<WorkflowContext, 'environment'>,
): Promise<PreparedProfile> {
  const { profile } = await loadProfile({ reference, targets: request.targets, set: request.set });
  const subject = `profile ${JSON.stringify(profile.name)}`;
  const faults = [...unsupportedYet(profile), ...checkSecrets(profile, context.environment)];
  if (faults.length > 0) throw new InvalidDocument(subject, faults);
  const fileDigests = await digestProfileFiles(profile, subject);
  return { profile, fileDigests, sourceKeys: await readSourceKeys(profile) };
}

async function readSourceKeys(profile: Profile): Promise<Record<string, string>> {
  const keys = await Promise.all(
    profile.os.aptSources.map(async ({ name, key }) => {
      const text = key.text ?? (key.file === undefined ? '' : await readFile(key.file, 'utf8'));
      return [name, text] as const;
    }),
  );
  return Object.fromEntries(keys);
}
