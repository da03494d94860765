import { planSources, renderGuestSources, type Mirrors } from '../bases/apt-sources.ts';
import type { OperatingSystem, Profile, ProfileFile } from '../profiles/profile.ts';

/** Path of the guest's own package sources. */
const GUEST_SOURCES = '/etc/apt/sources.list.d/debian.sources';
/** Where sshd is told its port. */
const SSH_PORT = '/etc/ssh/sshd_config.d/05-port.conf';
const USUAL_SSH_PORT = 22;

/** The package sources of a guest, as text, for these mirrors. */
export function guestSources(os: Pick<OperatingSystem, 'suite' | 'components'>, mirrors: Mirrors): string {
  return renderGuestSources(planSources(os, mirrors));
}

/**
 * The profile with the files that are placed into the guest: its own, and those that follow from other values of it.
 * A file of its own wins over one of ours.
 *
 * @param sources package sources for the build; without them the guest gets none
 */
export function withGuestFiles(profile: Profile, sources: string | undefined): Profile {
  const own = new Set(profile.files.map(({ path }) => path));
  const made: ProfileFile[] = [];
  if (profile.guest.sshPort !== USUAL_SSH_PORT)
    made.push({ path: SSH_PORT, content: `Port ${profile.guest.sshPort}\n`, mode: '0644' });
  if (sources !== undefined) made.push({ path: GUEST_SOURCES, content: sources, mode: '0644' });
  return { ...profile, files: [...profile.files, ...made.filter(({ path }) => !own.has(path))] };
}
