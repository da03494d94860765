import { expect, test } from '@jest/globals';
import { detectFormat } from '../../../src/inspection/detect-format.ts';
import type { ImageFormat } from '../../../src/inspection/image-report.ts';
import { memorySource } from '../../../src/values/byte-source.ts';
import { checkBuffer } from './check-buffer.ts';
import { sampleOva, sampleTar } from './sample-ova.ts';
import { sampleFixedVhd } from './sample-vhd.ts';

/** A file with bytes at a place. */
function bytesAt(offset: number, bytes: string, size = 40 * 1024): Buffer {
  const file = Buffer.alloc(size);
  file.write(bytes, offset, 'latin1');
  return file;
}

test.each<[string, () => Buffer, ImageFormat]>([
  ['nothing', () => Buffer.alloc(0), 'empty'],
  ['one byte', () => Buffer.from('Q'), 'raw'],
  ['the beginning of a magic number', () => Buffer.from('QFI'), 'raw'],
  ['qcow without a version', () => Buffer.from('QFI\xfb', 'latin1'), 'qcow2'],
  ['qcow version 1', () => bytesAt(0, 'QFI\xfb\0\0\0\x01'), 'qcow1'],
  ['qcow version 2', () => bytesAt(0, 'QFI\xfb\0\0\0\x02'), 'qcow2'],
  ['a dynamic VHD', () => bytesAt(0, 'conectix'), 'vhd'],
  ['a fixed VHD, which ends with its footer', () => sampleFixedVhd(Buffer.alloc(4096)), 'vhd'],
  ['VHDX', () => bytesAt(0, 'vhdxfile'), 'vhdx'],
  ['VMDK', () => bytesAt(0, 'KDMV'), 'vmdk'],
  ['ESX sparse VMDK', () => bytesAt(0, 'COWD'), 'vmdk'],
  ['a VMDK descriptor', () => Buffer.from('# Disk DescriptorFile\n'), 'vmdk'],
  ['OVA', sampleOva, 'ova'],
  ['another archive', () => sampleTar([{ name: 'a.txt', data: Buffer.from('a') }]), 'tar'],
  ['gzip', () => Buffer.from('1f8b0800', 'hex'), 'gzip'],
  ['bzip2', () => Buffer.from('BZh91AY'), 'bzip2'],
  ['xz', () => Buffer.from('fd377a585a0000', 'hex'), 'xz'],
  ['zstd', () => Buffer.from('28b52ffd04', 'hex'), 'zstd'],
  ['zip', () => Buffer.from('PK\x03\x04'), 'zip'],
  ['an ISO image', () => bytesAt(32_769, 'CD001'), 'iso'],
  ['VDI', () => bytesAt(64, '\x7f\x10\xda\xbe'), 'vdi'],
  ['QED', () => bytesAt(0, 'QED\0'), 'qed'],
  ['LUKS', () => bytesAt(0, 'LUKS\xba\xbe'), 'luks'],
  ['Parallels', () => bytesAt(0, 'WithouFreSpacExt'), 'parallels'],
  ['an Apple image', () => bytesAt(4096 - 512, 'koly\0\0\0\x04', 4096), 'dmg'],
  ['a disk with a partition table', () => bytesAt(510, '\x55\xaa'), 'raw'],
])('%s', async (_title, build, format) => {
  expect(await detectFormat(memorySource(build()))).toBe(format);
});

test.each(['iso', 'vdi', 'qed', 'luks', 'qcow1', 'parallels', 'empty'])(
  '%s is refused by name',
  async (format) => {
    const files: Readonly<Record<string, Buffer>> = {
      iso: bytesAt(32_769, 'CD001'),
      vdi: bytesAt(64, '\x7f\x10\xda\xbe'),
      qed: bytesAt(0, 'QED\0'),
      luks: bytesAt(0, 'LUKS\xba\xbe'),
      qcow1: bytesAt(0, 'QFI\xfb\0\0\0\x01'),
      parallels: bytesAt(0, 'WithoutFreeSpace'),
      empty: Buffer.alloc(0),
    };
    const report = await checkBuffer(files[format] ?? Buffer.from('?'));
    expect(report.format).toBe(format);
    expect(report.faults).toMatchObject([{ offset: 0, field: 'format', kind: 'damage' }]);
  },
);

test.each([1, 511, 513, 1_000_000])(
  'a raw disk of %i bytes ends within a sector, and that is told',
  async (size) => {
    const report = await checkBuffer(Buffer.alloc(size));
    expect(report.virtualSizeBytes).toBe(Math.ceil(size / 512) * 512);
    expect(report.faults).toMatchObject([{ field: 'file size', kind: 'rule' }]);
  },
);
