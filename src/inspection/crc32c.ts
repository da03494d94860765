/** The polynomial of CRC-32C, reflected (Castagnoli; RFC 3720, B.4). */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value >>> 0;
});

/** CRC-32C of bytes in which those of the checksum itself, four at `checksumAt`, count as zeros. */
export function crc32c(bytes: Buffer, checksumAt: number): number {
  let crc = 0xffffffff;
  for (let index = 0; index < bytes.length; index += 1) {
    const counted = index >= checksumAt && index < checksumAt + 4 ? 0 : (bytes[index] ?? 0);
    crc = (TABLE[(crc ^ counted) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}
