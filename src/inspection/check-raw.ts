import { BOOT_RECORD_BYTES, readBootRecord } from './boot-record.ts';
import type { ImageCheck } from './image-check.ts';
import type { Findings } from './image-report.ts';

/** Signatures of what may fill a disk without a partition table. */
const CONTENTS: readonly { readonly name: string; readonly offset: number; readonly bytes: Buffer }[] = [
  { name: 'ext2, ext3 or ext4', offset: 1080, bytes: Buffer.from('53ef', 'hex') },
  { name: 'XFS', offset: 0, bytes: Buffer.from('XFSB') },
  { name: 'Btrfs', offset: 65600, bytes: Buffer.from('_BHRfS_M') },
  { name: 'LVM', offset: 512, bytes: Buffer.from('LABELONE') },
  { name: 'swap', offset: 4086, bytes: Buffer.from('SWAPSPACE2') },
];

const START_BYTES = 68 * 1024;

/** Looks at a raw disk: all that can be wrong with it is its size. */
export async function checkRaw(check: ImageCheck): Promise<Findings> {
  const { sizeBytes } = check;
  if (sizeBytes % 512 !== 0) {
    check.breach(0, 'file size', `is ${sizeBytes}, no multiple of 512: readers cut it or add zeros`);
  }
  const start = await check.read(0, Math.min(START_BYTES, sizeBytes), 'disk');
  const boot = readBootRecord(start?.subarray(0, BOOT_RECORD_BYTES));
  const content = CONTENTS.find(({ offset, bytes }) =>
    start?.subarray(offset, offset + bytes.length).equals(bytes),
  );
  return {
    virtualSizeBytes: Math.ceil(sizeBytes / 512) * 512,
    features: content === undefined ? [] : [content.name],
    ...(boot === undefined ? {} : { boot }),
  };
}
