import { sha256Of } from '../values/digest.ts';

/** Identifiers of a disk; equal recipes give equal disks, so nothing here is random. */
export interface DiskIdentifiers {
  readonly rootUuid: string;
  /** Seed of ext4's directory hashes, a UUID. */
  readonly hashSeed: string;
  readonly swapUuid: string;
  /** MBR disk signature, 32 bits. */
  readonly diskSignature: number;
}

/** Identifiers derived from a key, such as the digest of a base's recipe. */
export function deriveDiskIdentifiers(key: string): DiskIdentifiers {
  return {
    rootUuid: deriveUuid(`root ${key}`),
    hashSeed: deriveUuid(`hash-seed ${key}`),
    swapUuid: deriveUuid(`swap ${key}`),
    diskSignature: Number.parseInt(sha256Of(`disk ${key}`).slice(0, 8), 16),
  };
}

/** A version 8 UUID (RFC 9562: vendor-defined content) from a SHA-256 over the name. */
export function deriveUuid(name: string): string {
  const hex = sha256Of(name);
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
