import { memorySource, type ByteSource } from '../../../src/values/byte-source.ts';
import { checkImage } from '../../../src/inspection/check-image.ts';
import type { ImageReport } from '../../../src/inspection/image-report.ts';
import { renderFault } from '../../../src/inspection/sound-image.ts';

/** The present of all tests. */
export const NOW = new Date('2026-11-21T12:00:00Z');

/** Checks an image in memory, deep unless told otherwise. */
export async function checkBuffer(bytes: Buffer, deep = true): Promise<ImageReport> {
  return await checkImage(memorySource(bytes), { now: NOW, deep });
}

/** Its faults as lines. */
export async function faultsOf(bytes: Buffer): Promise<string[]> {
  return (await checkBuffer(bytes)).faults.map(renderFault);
}

/** A source that counts what is asked of it. */
export function countingSource(
  bytes: Buffer,
): ByteSource & { requestedBytes: () => number; largestRead: () => number } {
  const inner = memorySource(bytes);
  let [requested, largest] = [0, 0];
  return {
    sizeBytes: inner.sizeBytes,
    read: async (offset, length) => {
      requested += length;
      largest = Math.max(largest, length);
      return await inner.read(offset, length);
    },
    requestedBytes: () => requested,
    largestRead: () => largest,
  };
}
