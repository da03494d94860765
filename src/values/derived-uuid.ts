import { createHash } from 'node:crypto';

/**
 * How the 16 bytes of a UUID are laid out: as RFC 9562 has them, or with the first three fields in little-endian order,
 * which Microsoft calls a GUID.
 */
export type UuidByteOrder = 'network' | 'microsoft';

/**
 * The bytes of a version 8 UUID (RFC 9562: content of the vendor's choice), the SHA-256 of a name: the same name gives
 * the same identifier everywhere, and it is never the null UUID.
 */
export function deriveUuidBytes(name: string, order: UuidByteOrder = 'network'): Buffer {
  const bytes = createHash('sha256').update(name).digest().subarray(0, 16);
  const versionAt = order === 'network' ? 6 : 7;
  bytes.writeUInt8((bytes.readUInt8(versionAt) & 0x0f) | 0x80, versionAt);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes;
}

/** The same as text, in lower case. */
export function deriveUuid(name: string): string {
  const hex = deriveUuidBytes(name).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
