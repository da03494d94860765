import type { Fault } from '../errors/fault.ts';
import { targetsOf } from './check-profile.ts';
import type { Profile } from './profile.ts';

const FORMATS_MADE = ['qcow2', 'raw'];

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
  if (profile.disk.layout !== 'bios') refuse('.disk.layout', `layout ${profile.disk.layout}`, 'bios');
  if (profile.os.architecture !== 'amd64') {
    refuse('.os.architecture', `architecture ${profile.os.architecture}`, 'amd64');
  }
  for (const [name, target] of targetsOf(profile)) {
    if (!FORMATS_MADE.includes(target.format)) {
      refuse(`.targets.${name}.format`, `format ${target.format}`, FORMATS_MADE.join(' or '));
    }
    if (target.outer !== 'none')
      refuse(`.targets.${name}.outer`, `outer compression ${target.outer}`, 'none');
  }
  return faults;
}
