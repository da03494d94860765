import { Failure } from '../errors/failure.ts';
import { GIB, MIB, renderByteSize } from '../values/byte-size.ts';

/** Largest disks, in bytes. */
export const VHD_MAX_BYTES = {
  /** Places are counted in sectors of 32 bits; Hyper-V and QEMU (block/vpc.c) stop at 2040 GiB. */
  dynamic: 2040 * GIB,
  /** Azure's largest disk: 32 TiB and the footer may be uploaded. */
  fixed: 32 * 1024 * GIB,
};

/**
 * Refuses a disk that no VHD can hold: XenServer and Azure ask for its size in whole MiB.
 * Raises `E_IMAGE_SIZE_UNSUPPORTED`.
 */
export function checkVhdSize(kind: 'fixed' | 'dynamic', virtualSizeBytes: number): void {
  const limitBytes = VHD_MAX_BYTES[kind];
  const evidence = { virtualSizeBytes, limitBytes, unitBytes: MIB };
  const refuse = (why: string, hint: string): never => {
    const message = `a ${kind} VHD cannot hold a disk of ${virtualSizeBytes} bytes: ${why}`;
    throw new Failure('profile', 'E_IMAGE_SIZE_UNSUPPORTED', message, { hint, evidence });
  };
  if (virtualSizeBytes <= 0) refuse('it is empty', 'choose a disk of 1 MiB or more');
  if (virtualSizeBytes % MIB !== 0) {
    const rounded = Math.ceil(virtualSizeBytes / MIB);
    refuse(
      'its size is no whole MiB',
      `enlarge it to ${rounded} MiB: qemu-img resize -f raw FILE ${rounded}M`,
    );
  }
  if (virtualSizeBytes > limitBytes) {
    refuse(
      `the limit is ${limitBytes} bytes (${renderByteSize(limitBytes)})`,
      'choose a smaller disk or VHDX',
    );
  }
}

/** 2000-01-01T00:00:00Z, in seconds since 1970. */
const EPOCH_SECONDS = 946_684_800;

/**
 * When a disk was made, in the format's own seconds since 2000.
 * Raises `E_IMAGE_TIME_UNSUPPORTED` for a time that 32 bits cannot tell.
 * @param createdSeconds since 1970
 */
export function vhdTimestamp(createdSeconds: number): number {
  const timestamp = Math.floor(createdSeconds) - EPOCH_SECONDS;
  if (timestamp >= 0 && timestamp <= 0xffffffff) return timestamp;
  throw new Failure(
    'usage',
    'E_IMAGE_TIME_UNSUPPORTED',
    `a VHD cannot be dated ${createdSeconds} seconds after 1970: it counts 32 bits of seconds from the year 2000`,
    { hint: 'choose a date from 2000 to 2135', evidence: { createdSeconds } },
  );
}
