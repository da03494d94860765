import { expect, test } from '@jest/globals';
import { checkBuffer } from './check-buffer.ts';
import { sampleOva } from './sample-ova.ts';
import { sampleQcow2 } from './sample-qcow2.ts';
import { sampleFixedVhd, sampleVhd } from './sample-vhd.ts';
import { sampleVhdx } from './sample-vhdx.ts';
import { sampleDisk } from './sample-ova.ts';

const MIB = 1024 * 1024;

test.each<[string, () => Buffer, object]>([
  [
    'a dynamic VHD as XenServer makes it',
    () => sampleVhd({ blocks: [Buffer.from('one'), undefined, Buffer.from('three')] }),
    {
      format: 'vhd',
      subformat: 'dynamic',
      virtualSizeBytes: 6 * MIB,
      allocatedBytes: 4 * MIB,
      creator: 'tap',
      features: ['batmap'],
    },
  ],
  [
    'a fixed VHD',
    () => sampleFixedVhd(Buffer.alloc(3 * MIB)),
    { format: 'vhd', subformat: 'fixed', virtualSizeBytes: 3 * MIB },
  ],
  [
    'a VMDK stream',
    sampleDisk,
    { format: 'vmdk', subformat: 'streamOptimized', virtualSizeBytes: 6_553_600, allocatedBytes: 65_536 },
  ],
  [
    'a qcow2',
    sampleQcow2,
    { format: 'qcow2', subformat: 'compat 1.1', virtualSizeBytes: 262_144, allocatedBytes: 12_288 },
  ],
  [
    'a VHDX',
    sampleVhdx,
    {
      format: 'vhdx',
      subformat: 'dynamic',
      virtualSizeBytes: 3 * MIB,
      allocatedBytes: MIB,
      creator: 'sample',
    },
  ],
  ['an OVA', sampleOva, { format: 'ova', virtualSizeBytes: 6_553_600, allocatedBytes: 65_536 }],
  ['a raw disk', () => Buffer.alloc(MIB), { format: 'raw', virtualSizeBytes: MIB }],
])('%s is sound, and told as what it is', async (_title, build, expected) => {
  const report = await checkBuffer(build());
  expect(report.faults).toEqual([]);
  expect(report).toMatchObject(expected);
});
