import { describe, expect, test } from '@jest/globals';
import { imageNameFault } from '../../../src/inspection/image-name.ts';
import { requireSound } from '../../../src/inspection/sound-image.ts';
import { imageNameForQemu } from '../../../src/values/qemu-image-name.ts';
import { partOfSource, memorySource } from '../../../src/values/byte-source.ts';
import { checkBuffer } from './check-buffer.ts';
import { sampleQcow2 } from './sample-qcow2.ts';

describe('requireSound', () => {
  test('lets pass what was meant', async () => {
    const report = await checkBuffer(sampleQcow2());
    requireSound('disk.qcow2', report, {
      format: 'qcow2',
      subformat: 'compat 1.1',
      virtualSizeBytes: 262_144,
    });
    requireSound('disk.qcow2', report, { format: 'qcow2' });
  });

  test.each([
    [{ format: 'vhd' }, 'qcow2 compat 1.1 of 262144 bytes, not vhd'],
    [{ format: 'qcow2', subformat: 'compat 0.10' }, 'not qcow2 compat 0.10'],
    [{ format: 'qcow2', virtualSizeBytes: 1 }, 'not qcow2 compat 1.1 of 1 bytes'],
  ] as const)('refuses another image than %j', async (expected, message) => {
    const report = await checkBuffer(sampleQcow2());
    expect(() => requireSound('disk.qcow2', report, expected)).toThrow(message);
  });

  test('refuses one with faults, and says all of them', async () => {
    const bytes = sampleQcow2();
    bytes.writeUInt32BE(2, 32);
    bytes.writeUInt8(1, 75);
    const report = await checkBuffer(bytes);
    expect(() => requireSound('disk.qcow2', report, { format: 'qcow2' })).toThrow(
      expect.objectContaining({
        kind: 'image-test',
        code: 'E_IMAGE_UNSOUND',
        details: expect.arrayContaining([expect.stringMatching(/offset 32: crypt_method/)]),
      }),
    );
  });
});

test.each([
  ['base.qcow2', undefined],
  ['dir/base.qcow2', undefined],
  ['../base.qcow2', undefined],
  ['dir/a:b', undefined],
  ['', 'is empty'],
  ['/etc/shadow', 'is absolute'],
  ['json:{"driver":"nbd"}', 'has the protocol "json"'],
  ['nbd:localhost:10809', 'has the protocol "nbd"'],
  ['nbd+unix:///x', 'has the protocol "nbd+unix"'],
  ['http://example.test/x', 'has the protocol "http"'],
  ['file:base.qcow2', 'has the protocol "file"'],
  ['weird name:x', 'has the protocol "weird name"'],
  ['a\nb', 'has a control character'],
])('the name %j %s', (name, fault) => {
  expect(imageNameFault(name)).toBe(fault);
});

test('QEMU is given absolute names behind a protocol', () => {
  expect(imageNameForQemu('/var/a:b/json:{}.img')).toBe('file:/var/a:b/json:{}.img');
  expect(() => imageNameForQemu('disk.img')).toThrow('absolute names only');
});

test('a part of a source ends where it ends', async () => {
  const part = partOfSource(memorySource(Buffer.from('0123456789')), 2, 4);
  expect((await part.read(1, 3)).toString()).toBe('345');
  await expect(part.read(1, 4)).rejects.toMatchObject({ code: 'E_IMAGE_TRUNCATED' });
  await expect(part.read(-1, 1)).rejects.toMatchObject({ code: 'E_IMAGE_TRUNCATED' });
  expect(() => partOfSource(part, 2, 3)).toThrow('ends too early');
});
