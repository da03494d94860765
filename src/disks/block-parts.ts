import type { ByteRange } from './allocation-map.ts';

/** A block of a disk that holds data somewhere. */
export interface BlockParts {
  readonly block: number;
  /** Where in the block, in bytes from its beginning; ascending and apart. */
  readonly parts: readonly ByteRange[];
}

/** Cuts the pieces of a disk that hold data at the boundaries of its blocks; blocks without data are left out. */
export function* blockParts(ranges: Iterable<ByteRange>, blockBytes: number): Generator<BlockParts> {
  let open: { block: number; parts: ByteRange[] } | undefined;
  for (const { offset, length } of ranges) {
    for (let at = offset; at < offset + length;) {
      const block = Math.floor(at / blockBytes);
      const end = Math.min(offset + length, (block + 1) * blockBytes);
      if (open?.block !== block) {
        if (open) yield open;
        open = { block, parts: [] };
      }
      open.parts.push({ offset: at - block * blockBytes, length: end - at });
      at = end;
    }
  }
  if (open) yield open;
}
