/** Formats whose inside is checked. */
export type CheckedFormat = 'qcow2' | 'vhd' | 'vmdk' | 'vhdx' | 'ova' | 'raw';

/** Containers around an image; what is inside is not looked at. */
export type OuterFormat = 'gzip' | 'bzip2' | 'xz' | 'zstd' | 'zip';

/** What a file is by its content; its name says nothing. The last row is recognised only to be refused by name. */
export type ImageFormat =
  | CheckedFormat
  | OuterFormat
  | 'iso'
  | 'tar'
  | 'empty'
  | 'qcow1'
  | 'vdi'
  | 'qed'
  | 'luks'
  | 'parallels'
  | 'dmg';

/** One thing that is wrong in an image. */
export interface ImageFault {
  /** Byte in the file where the field stands. */
  readonly offset: number;
  /** What stands there, as the format's specification calls it. */
  readonly field: string;
  /** What is wrong and what was found; no final full stop. */
  readonly message: string;
  /** `damage`: what a guest reads cannot be trusted; `rule`: it can be read, but breaks a rule that some reader keeps. */
  readonly kind: 'damage' | 'rule';
  /** File inside an archive that the offset counts in. */
  readonly file?: string;
}

/** A checksum that an image carries. */
export interface ImageChecksum {
  readonly name: string;
  readonly offset: number;
  readonly valid: boolean;
}

/** Another file that an image needs, as it names it; such a name is a stranger's word. */
export interface ImageReference {
  readonly kind: 'backing file' | 'data file' | 'parent' | 'extent';
  readonly name: string;
  /** Format that the image claims the other has. */
  readonly format?: string;
}

/** Cylinders, heads, sectors per track: what old firmware asks a disk for. */
export interface DiskGeometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectors: number;
}

/** What the first sectors of a disk say about how it starts. */
export interface BootRecord {
  /** `gpt` with a protective MBR; `mbr`; or none of both. */
  readonly partitionTable: 'gpt' | 'mbr' | 'none';
  /** Whether an EFI system partition is in the table. */
  readonly efiSystemPartition: boolean;
  /** Whether the first sector carries code that a BIOS would run. */
  readonly bootCode: boolean;
}

/** All that is known of an image. What a format does not have is absent. */
export interface ImageReport {
  readonly format: ImageFormat;
  /** Kind within the format: `dynamic`, `fixed`, `streamOptimized`, `version 3`. */
  readonly subformat?: string;
  /** Size of the disk that a guest sees. */
  readonly virtualSizeBytes?: number;
  readonly fileSizeBytes: number;
  /** Bytes of the disk for which the image holds data, in whole units of its own. */
  readonly allocatedBytes?: number;
  /** Unit of allocation. */
  readonly blockBytes?: number;
  /** Named properties: feature bits, compression, what is inside. */
  readonly features: readonly string[];
  /** Program that wrote it, as it calls itself. */
  readonly creator?: string;
  /** Version of {@link creator}: major in the upper 16 bits, as VHD has it. */
  readonly creatorVersion?: number;
  readonly geometry?: DiskGeometry;
  /** UUIDs, content identifiers and versions by name. */
  readonly identifiers: Readonly<Record<string, string>>;
  /** When it says it was made. */
  readonly timestamp?: Date;
  readonly checksums: readonly ImageChecksum[];
  readonly references: readonly ImageReference[];
  readonly boot?: BootRecord;
  /** Disks inside an archive. */
  readonly disks: readonly ImageReport[];
  /** Name inside the archive, for those. */
  readonly name?: string;
  /** Byte of the archive at which it begins, for those. */
  readonly archiveOffset?: number;
  /** At most {@link MOST_FAULTS}. */
  readonly faults: readonly ImageFault[];
  /** Faults beyond those. */
  readonly furtherFaults: number;
  /** Whether all data was read, too. */
  readonly deep: boolean;
}

/** Faults that are kept of one image: enough to understand it, few enough to read. */
export const MOST_FAULTS = 50;

/** What one checker finds; the rest is added where it was called. */
export type Findings = Partial<
  Omit<ImageReport, 'format' | 'fileSizeBytes' | 'checksums' | 'faults' | 'furtherFaults' | 'deep'>
>;
