import { describe, expect, test } from '@jest/globals';
import type { BootContractName } from '../../../src/guest/boot-contract-name.ts';
import type { ReleaseGuest } from '../../../src/manifests/release.ts';
import { UNKNOWN_GUEST } from '../../../src/workflows/guest-promises.ts';
import { planTestMachines } from '../../../src/workflows/plan-test-machines.ts';
import type { SubjectArtifact } from '../../../src/workflows/test-subject.ts';

const artifact = (target: SubjectArtifact['target'], suffix: string): SubjectArtifact => ({
  path: `/r/x_1_x86_64-${target}.${suffix}`,
  target,
});
const KVM = artifact('kvm', 'qcow2');
const ALL = [artifact('hyperv', 'vhd.zip'), artifact('xenserver', 'vhd.bz2'), artifact('vmware', 'ova'), KVM];
const SYSTEM_VM: Partial<ReleaseGuest> = { contract: 'cloudstack-systemvm' };
const disk = (layout: ReleaseGuest['disk']['layout']): Partial<ReleaseGuest> => ({
  disk: { layout, secureBoot: false },
});

interface Row {
  readonly artifacts: readonly SubjectArtifact[];
  readonly guest?: Partial<ReleaseGuest>;
  readonly wanted?: BootContractName;
  /** Each as `suite: contract firmware`, with `!` where it is asked everything. */
  readonly machines: readonly string[];
  readonly because: string;
}

describe('planTestMachines', () => {
  test.each<Row>([
    { artifacts: [], machines: [], because: 'nothing is there' },
    {
      artifacts: [KVM],
      machines: ['kvm qcow2: nocloud bios!', 'kvm qcow2, second machine: nocloud bios'],
      because: 'two machines of one image must be strangers',
    },
    {
      artifacts: [KVM],
      guest: disk('hybrid'),
      machines: ['kvm qcow2: nocloud bios!', 'kvm qcow2, UEFI: nocloud efi'],
      because: 'both firmwares are promised',
    },
    {
      artifacts: [KVM],
      guest: disk('uefi'),
      machines: ['kvm qcow2: nocloud efi!', 'kvm qcow2, second machine: nocloud efi'],
      because: 'there is no other firmware',
    },
    {
      artifacts: ALL,
      guest: SYSTEM_VM,
      machines: [
        'kvm qcow2: cloudstack bios!',
        'vmware ova: cloudstack bios',
        'xenserver vhd.bz2: cloudstack bios',
        'hyperv vhd.zip: cloudstack bios',
      ],
      because: 'what QEMU can be best is asked everything',
    },
    {
      artifacts: [ALL[0] ?? KVM, ALL[2] ?? KVM],
      guest: disk('hybrid'),
      machines: [
        'vmware ova: nocloud bios!',
        'hyperv vhd.zip: nocloud bios',
        'vmware ova, UEFI: nocloud efi',
      ],
      because: 'the other firmware is tested even so',
    },
    {
      artifacts: ALL,
      guest: SYSTEM_VM,
      wanted: 'cosmic',
      machines: [
        'kvm qcow2: cosmic bios!',
        'vmware ova: cloudstack bios',
        'xenserver vhd.bz2: cloudstack bios',
        'hyperv vhd.zip: cloudstack bios',
      ],
      because: 'a Cosmic host has KVM',
    },
    {
      artifacts: [KVM, { ...KVM, path: '/r/other.qcow2' }],
      machines: ['kvm qcow2: nocloud bios!', 'kvm qcow2 2: nocloud bios'],
      because: 'no two suites share a name',
    },
  ])('$because', ({ artifacts, guest, wanted, machines }) => {
    const promise = { guest: { ...UNKNOWN_GUEST, ...guest }, checks: [] };
    const planned = planTestMachines({ artifacts, promise }, { contract: wanted });
    expect(
      planned.map(
        ({ suite, contract, firmware, isFull }) => `${suite}: ${contract} ${firmware}${isFull ? '!' : ''}`,
      ),
    ).toEqual(machines);
    const slugs = planned.map(({ slug }) => slug);
    expect(new Set(slugs).size).toBe(slugs.length);
    for (const slug of slugs) expect(slug).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
  });
});
