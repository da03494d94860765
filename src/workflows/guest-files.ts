import { planSources, renderGuestSources, type Mirrors } from '../bases/apt-sources.ts';
import type { OperatingSystem, Profile, ProfileFile } from '../profiles/profile.ts';

/** Path of the guest's own package sources. */
const GUEST_SOURCES = '/etc/apt/sources.list.d/debian.sources';

/** The package sources of a guest, as text, for these mirrors. */
export function guestSources(os: Pick<OperatingSystem, 'suite' | 'components'>, mirrors: Mirrors): string {
  return renderGuestSources(planSources(os, mirrors));
}

/** The profile with the files that are placed into the guest: its own, and the package sources for the build. */
export function withGuestSources(profile: Profile, sources: string): Profile {
  const file: ProfileFile = { path: GUEST_SOURCES, content: sources, mode: '0644' };
  return { ...profile, files: [...profile.files.filter(({ path }) => path !== GUEST_SOURCES), file] };
}
