import type { TargetName } from './profile.ts';
import { TARGET_NAMES, type ProfileDocument } from './profile-document.ts';
import { SERVER } from './stacks/server.ts';
import { SYSTEMVM } from './stacks/systemvm.ts';
import { DEBIAN_12 } from './systems/debian-12.ts';
import { DEBIAN_13 } from './systems/debian-13.ts';
import { HYPERV } from './targets/hyperv.ts';
import { KVM } from './targets/kvm.ts';
import { VMWARE } from './targets/vmware.ts';
import { XENSERVER } from './targets/xenserver.ts';

/**
 * The pieces that profiles are put together from, on three independent axes: `os:`, `stack:`, `target:`.
 * Name them in this order under `extends`.
 */
export const FRAGMENTS: Readonly<Record<string, ProfileDocument>> = {
  'os:debian-12': DEBIAN_12,
  'os:debian-13': DEBIAN_13,
  'stack:server': SERVER,
  'stack:systemvm': SYSTEMVM,
  'target:kvm': KVM,
  'target:xenserver': XENSERVER,
  'target:vmware': VMWARE,
  'target:hyperv': HYPERV,
};

const systemvm = (target: TargetName, label: string): ProfileDocument => ({
  description: `CloudStack and Cosmic system VM on Debian 12 for ${label}`,
  extends: ['os:debian-12', 'stack:systemvm', `target:${target}`],
});

/** The profiles that can be built by name. */
export const BUILT_IN_PROFILES: Readonly<Record<string, ProfileDocument>> = {
  server: {
    description: 'Small Debian 13 server with cloud-init, for KVM',
    extends: ['os:debian-13', 'stack:server', 'target:kvm'],
  },
  systemvm: {
    description: 'CloudStack and Cosmic system VM on Debian 12, for every hypervisor',
    extends: ['os:debian-12', 'stack:systemvm', ...TARGET_NAMES.map((target) => `target:${target}`)],
  },
  kvm: systemvm('kvm', 'KVM'),
  xenserver: systemvm('xenserver', 'XenServer and XCP-ng'),
  vmware: systemvm('vmware', 'VMware'),
  hyperv: systemvm('hyperv', 'Hyper-V'),
};
