/** Bytes in one mebibyte. */
export const MIB = 1024 * 1024;
/** Bytes in one gibibyte. */
export const GIB = 1024 * MIB;

/** A size for people, in binary units with three significant digits: `412 MiB`, `5.0 GiB`. */
export function renderByteSize(sizeBytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = sizeBytes;
  let unit = 0;
  while (Math.abs(value) >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || Math.abs(value) >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit] ?? 'B'}`;
}
