import { describe, expect, test } from '@jest/globals';
import {
  renderFatVolume,
  type FatFile,
  type FatIdentity,
  type FatPiece,
} from '../../../src/disks/fat-volume.ts';

const MIB = 1024 * 1024;
const identity: FatIdentity = {
  sizeBytes: 64 * MIB,
  offsetBytes: 2 * MIB,
  volumeId: 0xd282_fa96,
  label: 'ESP',
  // 2026-11-20 02:11:42 UTC
  epochSeconds: 1_795_140_702,
};

const file = (path: string, size: number, fill = 0x61): FatFile => ({ path, data: Buffer.alloc(size, fill) });

/** A volume as a disk would hold it. */
function diskOf(pieces: readonly FatPiece[], sizeBytes: number): Buffer {
  const disk = Buffer.alloc(sizeBytes);
  for (const { offsetBytes, bytes } of pieces) bytes.copy(disk, offsetBytes);
  return disk;
}

const render = (files: readonly FatFile[], change: Partial<FatIdentity> = {}): Buffer =>
  diskOf(renderFatVolume({ ...identity, ...change }, files), change.sizeBytes ?? identity.sizeBytes);

/*
 * 64 MiB are 131072 sectors. 131040 stay behind the 32 reserved ones; 1009 sectors per table hold 129152 entries,
 * enough for the 129022 clusters that are left and the two entries that are none. Data begin in sector 2050.
 */
const FAT_SECTORS = 1009;
const DATA = (32 + 2 * FAT_SECTORS) * 512;

describe('renderFatVolume', () => {
  const disk = render([file('EFI/BOOT/BOOTX64.EFI', 1300), file('EFI/debian/grub.cfg', 5)]);

  const cluster = (number: number): Buffer => disk.subarray(DATA + (number - 2) * 512).subarray(0, 512);
  const links = (number: number): unknown[] =>
    [0, 32].map((at) => [
      cluster(number)
        .toString('latin1', at, at + 11)
        .trimEnd(),
      cluster(number).readUInt16LE(at + 26),
    ]);
  const table = (copy: number): Buffer => disk.subarray((32 + copy * FAT_SECTORS) * 512).subarray(0, 48);

  test('the boot sector says what the volume is', () => {
    expect(disk.readUInt16LE(510)).toBe(0xaa55);
    expect([11, 14, 24, 26, 48, 50].map((at) => disk.readUInt16LE(at))).toEqual([512, 32, 63, 255, 1, 6]);
    expect([13, 16, 21, 66].map((at) => disk.readUInt8(at))).toEqual([1, 2, 0xf8, 0x29]);
    expect([28, 32, 36, 44].map((at) => disk.readUInt32LE(at))).toEqual([4096, 131_072, FAT_SECTORS, 2]);
    expect(disk.readUInt32LE(67)).toBe(0xd282_fa96);
    expect(disk.toString('latin1', 71, 90)).toBe('ESP        FAT32   ');
  });

  test('fields of FAT16 are zero, by which readers tell FAT32', () => {
    expect([17, 19, 22].map((at) => disk.readUInt16LE(at))).toEqual([0, 0, 0]);
  });

  test('boot sector and count of free clusters have their copies', () => {
    expect(disk.subarray(6 * 512, 8 * 512).equals(disk.subarray(0, 2 * 512))).toBe(true);
    // Root, EFI, BOOT and debian have a cluster each, the program three, the text one.
    expect([488, 492].map((at) => disk.readUInt32LE(512 + at))).toEqual([129_022 - 8, 2 + 8]);
  });

  test('both tables chain the clusters of a file, and end every chain', () => {
    const entries = Array.from({ length: 12 }, (_, index) => table(0).readUInt32LE(index * 4));
    const end = 0x0fff_ffff;
    // media, reserved; root, EFI, BOOT, program in three, debian, text; free
    expect(entries).toEqual([0x0fff_fff8, end, end, end, end, 6, 7, end, end, end, 0, 0]);
    expect(table(1).equals(table(0))).toBe(true);
  });

  test('the root holds label and directory, with the time in DOS’s words', () => {
    expect(cluster(2).toString('latin1', 0, 11)).toBe('ESP        ');
    expect(cluster(2).readUInt8(11)).toBe(0x08);
    const entry = cluster(2).subarray(32, 64);
    expect(entry.toString('latin1', 0, 11)).toBe('EFI        ');
    expect([entry.readUInt8(11), entry.readUInt16LE(26)]).toEqual([0x10, 3]);
    expect(entry.readUInt16LE(24)).toBe((46 << 9) | (11 << 5) | 20);
    expect(entry.readUInt16LE(22)).toBe((2 << 11) | (11 << 5) | 21);
    expect(
      cluster(2)
        .subarray(64)
        .every((byte) => byte === 0),
    ).toBe(true);
  });

  test('a directory names itself and its parent; the root is 0', () => {
    expect(links(3)).toEqual([
      ['.', 3],
      ['..', 0],
    ]);
    expect(links(4)).toEqual([
      ['.', 4],
      ['..', 3],
    ]);
  });

  test('a file’s entry has its size, a name in small letters its mark', () => {
    const program = cluster(4).subarray(64, 96);
    expect(program.toString('latin1', 0, 11)).toBe('BOOTX64 EFI');
    expect([program.readUInt8(11), program.readUInt8(12)]).toEqual([0x20, 0]);
    expect([program.readUInt16LE(26), program.readUInt32LE(28)]).toEqual([5, 1300]);
    const text = cluster(8).subarray(64, 96);
    expect([text.toString('latin1', 0, 11), text.readUInt8(12)]).toEqual(['GRUB    CFG', 0x18]);
    expect(cluster(7).toString('latin1', 0, 280)).toBe('a'.repeat(276) + '\0'.repeat(4));
  });

  test('the order in which files are named does not matter', () => {
    const files = [file('B/C.D', 9), file('A/B.C', 7), file('A/A.C', 600), file('Z', 0)];
    expect(render(files.toReversed()).equals(render(files))).toBe(true);
  });

  test('an empty file has no cluster', () => {
    const empty = render([file('EMPTY.TXT', 0)]);
    expect(empty.subarray(DATA + 32).readUInt16LE(26)).toBe(0);
    expect(empty.readUInt32LE(512 + 488)).toBe(129_022 - 1);
  });

  test('times before 1980 are its first day', () => {
    const old = render([file('A', 1)], { epochSeconds: 0 });
    expect(old.readUInt32LE(DATA + 32 + 22)).toBe(0x0021_0000);
  });

  test.each([
    { sizeBytes: 33 * MIB, files: 0, says: undefined, because: 'the smallest whole MiB that is FAT32' },
    { sizeBytes: 32 * MIB, files: 0, says: 'no size', because: 'it would be FAT16' },
    { sizeBytes: 260 * MIB, files: 0, says: undefined, because: 'the largest' },
    { sizeBytes: 260 * MIB + 512, files: 0, says: 'no size', because: 'clusters would have to be larger' },
    { sizeBytes: 64 * MIB + 100, files: 0, says: 'no size', because: 'no whole sectors' },
    { sizeBytes: 64 * MIB, files: 129_021, says: undefined, because: 'files may fill every cluster' },
    { sizeBytes: 64 * MIB, files: 129_022, says: 'do not fit', because: 'one cluster more' },
  ])('$sizeBytes bytes for $files clusters of files: $because', ({ sizeBytes, files, says }) => {
    const call = (): FatPiece[] =>
      renderFatVolume({ ...identity, sizeBytes }, files === 0 ? [] : [file('A', files * 512)]);
    if (says === undefined) expect(call().length).toBeGreaterThan(2);
    else
      expect(call).toThrow(
        expect.objectContaining({ code: 'E_FAT_INVALID', message: expect.stringContaining(says) }),
      );
  });

  test.each([
    { path: 'toolongname', because: 'nine characters' },
    { path: 'a.text', because: 'four characters behind the dot' },
    { path: 'Mixed.efi', because: 'both cases in one part' },
    { path: 'EFI/a b', because: 'a space' },
    { path: 'EFI/../A', because: 'the parent' },
    { path: 'EFI//A', because: 'nothing' },
    { path: '', because: 'no name at all' },
    { path: 'ü', because: 'a letter that code pages differ in' },
  ])('the name $path is refused: $because', ({ path }) => {
    expect(() => render([file(path, 1)])).toThrow(expect.objectContaining({ code: 'E_FAT_INVALID' }));
  });
});
