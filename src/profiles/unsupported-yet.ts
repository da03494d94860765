import type { Fault } from '../errors/fault.ts';
import type { Profile } from './profile.ts';

/**
 * What a valid profile asks for that Mintmark cannot build yet. Such profiles can be written, shown and checked;
 * only building them is refused, by name, instead of giving something else.
 */
export function unsupportedYet(profile: Profile): Fault[] {
  const faults: Fault[] = [];
  const refuse = (path: string, wanted: string, possible: string): void => {
    faults.push({ path, message: `${wanted} cannot be built yet; use ${possible}` });
  };
  if (profile.base.method !== 'bootstrap')
    refuse('.base.method', `method ${profile.base.method}`, 'bootstrap');
  if (profile.os.architecture !== 'amd64') {
    refuse('.os.architecture', `architecture ${profile.os.architecture}`, 'amd64');
  }
  return faults;
}
