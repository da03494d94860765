import type { ProfileDocument } from '../profile-document.ts';

/** Target axis: Hyper-V, generation 1. VHD in a zip archive is the form that CloudStack takes. */
export const HYPERV: ProfileDocument = {
  description: 'Target: Hyper-V, as VHD',
  packages: { kernel: 'linux-image-amd64', include: ['hyperv-daemons'] },
  targets: { hyperv: { format: 'vhd', outer: 'zip' } },
};
