/** Bytes of a page of swap, as amd64 kernels have them. */
const PAGE_BYTES = 4096;

/** Where the header proper begins; boot loaders may use what is before it. */
const HEADER_OFFSET = 1024;

const MAGIC = 'SWAPSPACE2';

/** What tells one swap partition from another. */
export interface SwapIdentity {
  readonly uuid: string;
  /** Size of the partition, in bytes. */
  readonly sizeBytes: number;
}

/**
 * The first page of a Linux swap partition, version 1, without bad pages and without a label, as `union swap_header`
 * in the kernel's `include/linux/swap.h` lays it out. Nothing behind the first page needs to be written.
 */
export function renderSwapHeader({ uuid, sizeBytes }: SwapIdentity): Buffer {
  const page = Buffer.alloc(PAGE_BYTES);
  page.writeUInt32LE(1, HEADER_OFFSET);
  page.writeUInt32LE(Math.floor(sizeBytes / PAGE_BYTES) - 1, HEADER_OFFSET + 4);
  page.write(uuid.replaceAll('-', ''), HEADER_OFFSET + 12, 'hex');
  page.write(MAGIC, PAGE_BYTES - MAGIC.length, 'latin1');
  return page;
}
