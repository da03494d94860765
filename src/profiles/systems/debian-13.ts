import type { ProfileDocument } from '../profile-document.ts';

/** Operating system axis: Debian 13. */
export const DEBIAN_13: ProfileDocument = {
  description: 'Operating system: Debian 13 "trixie"',
  os: { distribution: 'debian', suite: 'trixie', components: ['main'] },
};
