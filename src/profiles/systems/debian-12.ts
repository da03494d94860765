import type { ProfileDocument } from '../profile-document.ts';

/** Operating system axis: Debian 12, the release that CloudStack system VMs use today. */
export const DEBIAN_12: ProfileDocument = {
  description: 'Operating system: Debian 12 "bookworm"',
  os: { distribution: 'debian', suite: 'bookworm', components: ['main'] },
};
