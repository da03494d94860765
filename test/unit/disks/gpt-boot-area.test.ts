import { describe, expect, test } from '@jest/globals';
import { placeBootImage, placeCoreImage } from '../../../src/disks/bios-boot-code.ts';
import { renderGptBootArea, type GptBootArea } from '../../../src/disks/gpt-boot-area.ts';
import { GPT_TYPES, parseGpt } from '../../../src/disks/gpt.ts';

const MIB = 1024 * 1024;
const guid = (digit: string): string => `${digit.repeat(8)}-0000-8000-8000-000000000000`;

/** Numbers where GRUB's own images have theirs: the core image in sector 1, its rest in sector 2. */
const bootImage = Buffer.alloc(512, 0xb0);
bootImage.writeBigUInt64LE(1n, 0x5c);
const coreImage = Buffer.alloc(32_885, 0xc0);
coreImage.writeBigUInt64LE(2n, 500);

const area: GptBootArea = {
  diskBytes: 1024 * MIB,
  guids: { disk: guid('1'), biosBoot: guid('2'), esp: guid('3'), swap: guid('4'), root: guid('5') },
  biosBoot: { offsetBytes: MIB, sizeBytes: MIB },
  esp: { offsetBytes: 2 * MIB, sizeBytes: 128 * MIB },
  swap: { offsetBytes: 130 * MIB, sizeBytes: 64 * MIB },
  root: { offsetBytes: 194 * MIB, sizeBytes: 829 * MIB },
  bootCode: { bootImage, coreImage },
};

describe('GRUB for BIOS machines in its own partition', () => {
  test('boot code points at the core image, the core image at the rest of itself', () => {
    expect(placeBootImage(bootImage, 2048).readBigUInt64LE(0x5c)).toBe(2048n);
    expect(placeCoreImage(coreImage, 2048).readBigUInt64LE(500)).toBe(2049n);
  });

  test('nothing else changes, and what was given stays as it is', () => {
    const [boot, core] = [placeBootImage(bootImage, 7), placeCoreImage(coreImage, 7)];
    expect(boot).toHaveLength(440);
    expect([...boot].filter((byte, at) => byte !== bootImage[at])).toEqual([7]);
    expect([...core].filter((byte, at) => byte !== coreImage[at])).toEqual([8]);
    expect(coreImage.readBigUInt64LE(500)).toBe(2n);
  });
});

describe('renderGptBootArea', () => {
  test('the table names every partition in the order of the disk', () => {
    const [start] = renderGptBootArea(area);
    const { diskGuid, partitions } = parseGpt(start?.bytes ?? Buffer.alloc(0));
    expect(diskGuid).toBe(guid('1'));
    expect(partitions.map(({ typeGuid, name }) => [name, typeGuid])).toEqual([
      ['bios-boot', GPT_TYPES.biosBoot],
      ['esp', GPT_TYPES.esp],
      ['swap', GPT_TYPES.swap],
      ['root', GPT_TYPES.rootAmd64],
    ]);
    expect(partitions.map(({ startSector }) => startSector / 2048)).toEqual([1, 2, 130, 194]);
    expect(partitions.every(({ startSector }) => startSector % 2048 === 0)).toBe(true);
  });

  test('boot code stands in the protective MBR, the core image in its partition', () => {
    const [start, end, core] = renderGptBootArea(area);
    expect(start?.bytes.readBigUInt64LE(0x5c)).toBe(2048n);
    expect(start?.bytes.readUInt8(450)).toBe(0xee);
    expect(end?.offsetBytes).toBe(1024 * MIB - 33 * 512);
    expect([core?.offsetBytes, core?.bytes.length]).toEqual([MIB, 32_885]);
    expect(core?.bytes.readBigUInt64LE(500)).toBe(2049n);
  });

  test('a disk for UEFI machines alone has no code in its first sector', () => {
    const { biosBoot: _biosBoot, bootCode: _bootCode, ...uefi } = area;
    const pieces = renderGptBootArea(uefi);
    expect(pieces).toHaveLength(2);
    expect(pieces[0]?.bytes.subarray(0, 440).every((byte) => byte === 0)).toBe(true);
  });

  test.each([
    { size: MIB, fits: true, because: 'it may fill its partition' },
    { size: MIB + 1, fits: false, because: 'one byte more would be in the next' },
  ])('a core image of $size bytes: $because', ({ size, fits }) => {
    const render = (): unknown =>
      renderGptBootArea({ ...area, bootCode: { bootImage, coreImage: Buffer.alloc(size) } });
    if (fits) expect(render()).toHaveLength(3);
    else expect(render).toThrow(expect.objectContaining({ code: 'E_BOOT_CODE_TOO_LARGE' }));
  });
});
