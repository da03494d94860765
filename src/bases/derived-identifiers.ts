import { deriveUuid } from '../values/derived-uuid.ts';
import { sha256Of } from '../values/digest.ts';

/** Identifiers of a disk; equal recipes give equal disks, so nothing here is random. */
export interface DiskIdentifiers {
  readonly rootUuid: string;
  /** Seed of ext4's directory hashes, a UUID. */
  readonly hashSeed: string;
  readonly swapUuid: string;
  /** MBR disk signature, 32 bits. */
  readonly diskSignature: number;
  /** Volume id of the EFI system partition, 32 bits. */
  readonly espVolumeId: number;
  /** What a GPT tells disk and partitions apart by. */
  readonly guids: {
    readonly disk: string;
    readonly biosBoot: string;
    readonly esp: string;
    readonly swap: string;
    readonly root: string;
  };
}

/** Identifiers derived from a key, such as the digest of a base's recipe. */
export function deriveDiskIdentifiers(key: string): DiskIdentifiers {
  return {
    rootUuid: deriveUuid(`root ${key}`),
    hashSeed: deriveUuid(`hash-seed ${key}`),
    swapUuid: deriveUuid(`swap ${key}`),
    diskSignature: deriveWord(`disk ${key}`),
    espVolumeId: deriveWord(`esp-volume ${key}`),
    guids: {
      disk: deriveUuid(`disk-guid ${key}`),
      biosBoot: deriveUuid(`bios-boot-partition ${key}`),
      esp: deriveUuid(`esp-partition ${key}`),
      swap: deriveUuid(`swap-partition ${key}`),
      root: deriveUuid(`root-partition ${key}`),
    },
  };
}

/** The name by which Linux finds a FAT volume: its id in two groups of four digits. */
export function fatUuid(volumeId: number): string {
  return volumeId.toString(16).toUpperCase().padStart(8, '0').replace(/^.{4}/, '$&-');
}

/** 32 bits from a SHA-256 over the name. */
function deriveWord(name: string): number {
  return Number.parseInt(sha256Of(name).slice(0, 8), 16);
}
