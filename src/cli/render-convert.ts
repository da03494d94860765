import { renderByteSize } from '../values/byte-size.ts';
import { shortDigest } from '../values/digest.ts';
import type { ConvertOutcome } from '../workflows/convert-file.ts';
import { renderColumns, type TextLayout } from './text-layout.ts';

/** The images that were made: path, size, digest. */
export function renderConverted({ images }: ConvertOutcome, { style }: TextLayout): string {
  const rows = images.map(({ path, sizeBytes, virtualSizeBytes, sha256 }) => [
    path,
    `${renderByteSize(sizeBytes)} (${renderByteSize(virtualSizeBytes)} virtual)`,
    style.dim(`sha256 ${shortDigest(sha256)}`),
  ]);
  return renderColumns(rows, 2).join('\n');
}
