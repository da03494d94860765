import { describe, expect, test } from '@jest/globals';
import { findMissingDrivers, moduleNameOf } from '../../../src/guest/hypervisor-drivers.ts';
import type { TargetName } from '../../../src/profiles/profile.ts';

const ALL = ['ata_piix', 'hv_storvsc', 'hv_vmbus', 'mptspi', 'vmw_pvscsi', 'xen_blkfront'];
const NETWORK = ['e1000', 'hv_netvsc', 'vmxnet3', 'xen_netfront'];

function missing(early: readonly string[], late: readonly string[], ...targets: TargetName[]): string[] {
  const modules = { kernel: '6.1', early: new Set(early), late: new Set(late) };
  return findMissingDrivers(modules, targets).map(
    ({ target, driver, where }) => `${target} ${driver} ${where}`,
  );
}

describe('findMissingDrivers', () => {
  test.each<[because: string, found: string[], expected: string[]]>([
    ['the generic kernel has all of them', missing(ALL, NETWORK, 'xenserver', 'vmware', 'hyperv'), []],
    ['network drivers may be in the initramfs as well', missing([...ALL, ...NETWORK], [], 'vmware'), []],
    [
      'a disk driver in the root file system comes too late',
      missing(['ata_piix', 'vmw_pvscsi'], [...ALL, ...NETWORK], 'vmware'),
      ['vmware mptspi initramfs'],
    ],
    [
      'the cloud kernel has neither IDE nor a network card for VMware',
      missing(['virtio_blk', 'vmw_pvscsi'], ['vmxnet3'], 'vmware'),
      ['vmware mptspi initramfs', 'vmware ata_piix initramfs', 'vmware e1000 modules'],
    ],
    [
      'each target is looked at by itself',
      missing(['ata_piix'], [], 'xenserver', 'hyperv'),
      [
        'xenserver xen_blkfront initramfs',
        'xenserver xen_netfront modules',
        'hyperv hv_storvsc initramfs',
        'hyperv hv_vmbus initramfs',
        'hyperv hv_netvsc modules',
      ],
    ],
  ])('%s', (_because, found, expected) => {
    expect(found).toEqual(expected);
  });
});

test.each([
  ['kernel/drivers/block/xen-blkfront.ko', 'xen_blkfront'],
  ['usr/lib/modules/6.12/kernel/drivers/scsi/vmw_pvscsi.ko.xz', 'vmw_pvscsi'],
  ['a.ko.zst', 'a'],
  ['modules.dep', undefined],
  ['a.ko.bak', undefined],
])('%s is module %s', (path, expected) => {
  expect(moduleNameOf(path)).toBe(expected);
});
