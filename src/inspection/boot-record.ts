import type { BootRecord } from './image-report.ts';

const SECTOR_BYTES = 512;
/** Partition type `0xEE`: the whole disk belongs to a GPT (UEFI specification, 5.2.3). */
const PROTECTIVE = 0xee;
/** Partition type of an EFI system partition in an MBR (UEFI specification, 5.2.2). */
const ESP_IN_MBR = 0xef;
/** C12A7328-F81F-11D2-BA4B-00A0C93EC93B as it lies on disk (UEFI specification, 5.3.3). */
const ESP_IN_GPT = Buffer.from('28732ac11ff8d211ba4b00a0c93ec93b', 'hex');

/** Bytes from the start of a disk that {@link readBootRecord} looks at: 34 sectors, the usual end of a GPT. */
export const BOOT_RECORD_BYTES = 34 * SECTOR_BYTES;

/** What the first sectors of a disk tell; undefined when there are too few of them. */
export function readBootRecord(start: Buffer | undefined): BootRecord | undefined {
  if (start === undefined || start.length < SECTOR_BYTES) return undefined;
  const bootCode = start.subarray(0, 440).some((byte) => byte !== 0);
  if (start.readUInt16LE(510) !== 0xaa55)
    return { partitionTable: 'none', efiSystemPartition: false, bootCode };
  const types = [0, 1, 2, 3].map((entry) => start[446 + entry * 16 + 4] ?? 0);
  if (types.includes(PROTECTIVE) && start.toString('latin1', 512, 520) === 'EFI PART') {
    return { partitionTable: 'gpt', efiSystemPartition: hasEfiPartition(start), bootCode };
  }
  const partitioned = types.some((type) => type !== 0);
  return {
    partitionTable: partitioned ? 'mbr' : 'none',
    efiSystemPartition: types.includes(ESP_IN_MBR),
    bootCode,
  };
}

function hasEfiPartition(start: Buffer): boolean {
  for (let at = 2 * SECTOR_BYTES; at + 128 <= start.length; at += 128) {
    if (start.subarray(at, at + 16).equals(ESP_IN_GPT)) return true;
  }
  return false;
}
