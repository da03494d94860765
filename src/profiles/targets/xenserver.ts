import type { ProfileDocument } from '../profile-document.ts';

/** Target axis: XenServer and XCP-ng. The cloud kernel has no Xen drivers, so the generic one is chosen. */
export const XENSERVER: ProfileDocument = {
  description: 'Target: XenServer and XCP-ng, as VHD',
  packages: { kernel: 'linux-image-amd64' },
  targets: { xenserver: { format: 'vhd', outer: 'bz2' } },
};
