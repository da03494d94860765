import { describe, expect, test } from '@jest/globals';
import { deriveDiskIdentifiers, fatUuid } from '../../../src/bases/derived-identifiers.ts';
import { deriveUuid } from '../../../src/values/derived-uuid.ts';

describe('derived identifiers', () => {
  test('equal keys give equal disks, other keys others', () => {
    expect(deriveDiskIdentifiers('one')).toEqual(deriveDiskIdentifiers('one'));
    expect(deriveDiskIdentifiers('one')).not.toEqual(deriveDiskIdentifiers('two'));
  });

  test('no two identifiers of one disk are equal', () => {
    const { rootUuid, hashSeed, swapUuid, diskSignature, espVolumeId, guids } = deriveDiskIdentifiers('one');
    const all = [rootUuid, hashSeed, swapUuid, diskSignature, espVolumeId, ...Object.values(guids)];
    expect(new Set(all).size).toBe(10);
  });

  test('disk signature and volume id fit into 32 bits', () => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) {
      const { diskSignature, espVolumeId } = deriveDiskIdentifiers(key);
      for (const word of [diskSignature, espVolumeId]) {
        expect(Number.isInteger(word) && word >= 0 && word < 2 ** 32).toBe(true);
      }
    }
  });

  test.each([
    { volumeId: 0xd282fa96, uuid: 'D282-FA96', because: 'two groups of four digits' },
    { volumeId: 0x00000abc, uuid: '0000-0ABC', because: 'zeros in front stay' },
  ])('a FAT volume is named $uuid: $because', ({ volumeId, uuid }) => {
    expect(fatUuid(volumeId)).toBe(uuid);
  });

  test.each(Array.from({ length: 16 }, (_, index) => ({ name: `name ${index}` })))(
    'the UUID of $name is one of version 8',
    ({ name }) => {
      expect(deriveUuid(name)).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
    },
  );
});
