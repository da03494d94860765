/** A piece of a file that belongs to something. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
  readonly name: string;
}

/** Pairs of extents that share bytes, in order of their places; neighbours only, which is at least one pair if any. */
export function overlappingExtents(extents: readonly Extent[]): (readonly [Extent, Extent])[] {
  const sorted = extents.filter(({ length }) => length > 0).toSorted((a, b) => a.offset - b.offset);
  const pairs: (readonly [Extent, Extent])[] = [];
  let widest: Extent | undefined;
  for (const extent of sorted) {
    if (widest && extent.offset < widest.offset + widest.length) pairs.push([widest, extent]);
    if (!widest || extent.offset + extent.length > widest.offset + widest.length) widest = extent;
  }
  return pairs;
}
