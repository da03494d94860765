import { describe, expect, test } from '@jest/globals';
import { deriveDiskIdentifiers, deriveUuid } from '../../../src/bases/derived-identifiers.ts';

describe('derived identifiers', () => {
  test('equal keys give equal disks, other keys others', () => {
    expect(deriveDiskIdentifiers('one')).toEqual(deriveDiskIdentifiers('one'));
    expect(deriveDiskIdentifiers('one')).not.toEqual(deriveDiskIdentifiers('two'));
  });

  test('no two identifiers of one disk are equal', () => {
    const { rootUuid, hashSeed, swapUuid } = deriveDiskIdentifiers('one');
    expect(new Set([rootUuid, hashSeed, swapUuid]).size).toBe(3);
  });

  test('the disk signature fits into 32 bits', () => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) {
      const { diskSignature } = deriveDiskIdentifiers(key);
      expect(Number.isInteger(diskSignature) && diskSignature >= 0 && diskSignature < 2 ** 32).toBe(true);
    }
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
