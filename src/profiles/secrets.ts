import type { Fault } from '../errors/fault.ts';
import { renderDocumentPath } from '../schemas/document-path.ts';
import type { Profile } from './profile.ts';

/** A secret that a profile declares; its value is nowhere in the profile. */
export interface SecretReference {
  /** Where it is declared, such as `.provisioners[0].env.TOKEN`. */
  readonly path: string;
  /** Index of the provisioner that gets it. */
  readonly provisioner: number;
  /** Variable that the provisioner sees. */
  readonly name: string;
  /** Variable of our own environment that holds the value. */
  readonly fromEnv: string;
}

/** Every secret that a profile declares, in the order of its provisioners. */
export function secretsOf(profile: Pick<Profile, 'provisioners'>): SecretReference[] {
  return profile.provisioners.flatMap((step, provisioner) => {
    if (step.type !== 'shell') return [];
    return Object.entries(step.env).flatMap(([name, value]) => {
      const path = renderDocumentPath(['provisioners', provisioner, 'env', name]);
      return typeof value === 'string' ? [] : [{ path, provisioner, name, fromEnv: value.fromEnv }];
    });
  });
}

/** A fault for each declared secret that our environment lacks or holds empty. Values are never told. */
export function checkSecrets(
  profile: Pick<Profile, 'provisioners'>,
  environment: Readonly<Record<string, string | undefined>>,
): Fault[] {
  return secretsOf(profile).flatMap(({ path, fromEnv }) => {
    const value = environment[fromEnv];
    if (value !== undefined && value !== '') return [];
    const state = value === undefined ? 'not set' : 'empty';
    return [{ path, message: `needs the environment variable ${fromEnv}, which is ${state}` }];
  });
}
