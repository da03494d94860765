import { expect, test } from '@jest/globals';
import { checkOutputs } from '../../../src/profiles/check-outputs.ts';
import type { Profile, Target } from '../../../src/profiles/profile.ts';
import { resolveBuiltIn } from './resolve-built-in.ts';

const server = resolveBuiltIn('server').profile;
const shared = { outer: 'none', missing: 'fail', also: [] } as const;
const qcow2: Target = { ...shared, format: 'qcow2', compression: 'zlib', compat: '1.1' };
const vhd: Target = { ...shared, format: 'vhd', compression: 'none', subformat: 'dynamic' };
const vhdx: Target = { ...shared, format: 'vhdx', compression: 'none' };
const ova: Target = { ...shared, format: 'ova', compression: 'zlib' };
const raw: Target = { ...shared, format: 'raw', compression: 'none' };
const machine = resolveBuiltIn('vmware').profile.targets.vmware?.machine;

test.each<[because: string, change: Partial<Profile>, expected: string[]]>([
  ['the built-in is sound', {}, []],
  [
    'raw has no compression',
    { targets: { kvm: { ...raw, compression: 'zlib' } } },
    ['.targets.kvm.compression must be none for raw; found "zlib"'],
  ],
  [
    'compat is a word of qcow2',
    { targets: { kvm: { ...raw, compat: '1.1' } } },
    ['.targets.kvm.compat is for qcow2 only; the format is raw'],
  ],
  [
    'old hosts know no zstd',
    { targets: { kvm: { ...qcow2, compat: '0.10', compression: 'zstd' } } },
    ['.targets.kvm.compat must be 1.1 with zstd compression; found "0.10"'],
  ],
  [
    'only VHD has a fixed form',
    { targets: { kvm: { ...raw, subformat: 'fixed' } } },
    ['.targets.kvm.subformat is for vhd only; the format is raw'],
  ],
  [
    'VHD counts in blocks of 2 MiB',
    { disk: { ...server.disk, sizeMiB: 5001 }, targets: { xenserver: vhd } },
    ['.targets.xenserver.format needs disk.sizeMiB to be a multiple of 2, its block size; found 5001'],
  ],
  ['the largest VHD', { disk: { ...server.disk, sizeMiB: 2040 * 1024 }, targets: { xenserver: vhd } }, []],
  [
    'a disk too large for VHD fits into VHDX',
    { disk: { ...server.disk, sizeMiB: 2040 * 1024 + 2 }, targets: { hyperv: { ...vhd, also: [vhdx] } } },
    ['.targets.hyperv.format holds disks of at most 2088960 MiB; disk.sizeMiB is 2088962'],
  ],
  [
    'what starts by UEFI wants VHDX on Hyper-V',
    { disk: { ...server.disk, layout: 'uefi' }, targets: { hyperv: { ...vhd, also: [vhdx] } } },
    [
      '.targets.hyperv.format is for generation 1, which starts by BIOS; with disk.layout uefi use vhdx, or layout hybrid',
    ],
  ],
  [
    'hybrid disks start both ways',
    { disk: { ...server.disk, layout: 'hybrid' }, targets: { hyperv: { ...vhd, also: [vhdx] } } },
    [],
  ],
  [
    'CloudStack unpacks no zstd',
    { targets: { kvm: { ...qcow2, outer: 'zst' } }, template: { name: 'a', consumers: ['cloudstack'] } },
    ['.targets.kvm.outer must be none, zip, bz2, gz or xz for cloudstack; found "zst"'],
  ],
  ['others do', { targets: { kvm: { ...qcow2, outer: 'zst' } } }, []],
  ['a target may have several formats', { targets: { hyperv: { ...vhd, also: [vhdx, raw] } } }, []],
  [
    'but each of them once, or their files would have one name',
    { targets: { hyperv: { ...vhd, also: [vhdx, { ...vhd, subformat: 'fixed' }] } } },
    ['.targets.hyperv.also[1].format must differ from the target\'s other formats; found "vhd" again'],
  ],
  [
    'faults of further artifacts have their own path',
    { targets: { hyperv: { ...vhd, also: [{ ...vhdx, compression: 'zstd' }] } } },
    ['.targets.hyperv.also[0].compression must be none for vhdx; found "zstd"'],
  ],
  ['an OVA describes a machine', { targets: { vmware: { ...ova, ...(machine && { machine }) } } }, []],
  [
    'a system that an older vSphere does not know by name',
    {
      targets: {
        vmware: { ...ova, ...(machine && { machine: { ...machine, osType: 'debian12_64Guest' } }) },
      },
    },
    ['.targets.vmware.machine.osType needs hardware version 20 (ESXi 8.0); found 13'],
  ],
  [
    'memory comes in steps',
    { targets: { vmware: { ...ova, ...(machine && { machine: { ...machine, memoryMiB: 1023 } }) } } },
    ['.targets.vmware.machine.memoryMiB must be a multiple of 4; found 1023'],
  ],
  [
    'also as a further artifact',
    { targets: { kvm: { ...qcow2, also: [ova], ...(machine && { machine }) } } },
    [],
  ],
  [
    'others do not',
    { targets: { kvm: { ...qcow2, ...(machine && { machine }) } } },
    ['.targets.kvm.machine is for ova only; the target makes none'],
  ],
])('%s', (_because, change, expected) => {
  const faults = checkOutputs({ ...server, ...change });
  expect(faults.map(({ path, message }) => `${path} ${message}`)).toEqual(expected);
});
