import type { ProfileDocument } from '../profile-document.ts';

/**
 * Target axis: Hyper-V. VHD in a zip archive is the form that CloudStack takes (generation 1); VHDX is what Hyper-V itself
 * prefers, and all that generation 2 takes. Both are zipped, because Windows unpacks that and no sparse file survives a copy.
 */
export const HYPERV: ProfileDocument = {
  description: 'Target: Hyper-V, as VHD and VHDX',
  packages: { kernel: 'linux-image-amd64', include: ['hyperv-daemons'] },
  targets: { hyperv: { format: 'vhd', outer: 'zip', also: [{ format: 'vhdx', outer: 'zip' }] } },
};
