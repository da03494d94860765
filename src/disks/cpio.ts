/** A regular file of an archive; its directories are made as needed. */
export interface ArchiveFile {
  /** Path without a leading slash. */
  readonly path: string;
  readonly data: string | Uint8Array;
  /** Permission bits; 0644 by default. */
  readonly mode?: number;
}

const DIRECTORY = 0o040755;
const REGULAR_FILE = 0o100000;

/**
 * An archive in the `newc` format that the Linux kernel unpacks as an initramfs; see the kernel's
 * `Documentation/driver-api/early-userspace/buffer-format.rst`. Same files, same bytes: no times, no owners.
 */
export function renderCpio(files: readonly ArchiveFile[]): Buffer {
  const directories = new Set(files.flatMap((file) => parentsOf(file.path)));
  const entries = [
    ...[...directories].toSorted().map((path) => ({ path, mode: DIRECTORY, data: Buffer.alloc(0) })),
    ...files.map((file) => ({
      path: file.path,
      mode: REGULAR_FILE | (file.mode ?? 0o644),
      data: typeof file.data === 'string' ? Buffer.from(file.data) : Buffer.from(file.data),
    })),
    { path: 'TRAILER!!!', mode: 0, data: Buffer.alloc(0) },
  ];
  return Buffer.concat(entries.map((entry, index) => renderEntry(index + 1, entry)));
}

function renderEntry(inode: number, entry: { path: string; mode: number; data: Buffer }): Buffer {
  const name = Buffer.from(`${entry.path}\0`);
  // inode, mode, uid, gid, links, mtime, size, device numbers (4), name length, checksum
  const fields = [inode, entry.mode, 0, 0, 1, 0, entry.data.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header), name])), padded(entry.data)]);
}

/** Every part of an entry ends on a multiple of four bytes. */
function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)]);
}

function parentsOf(path: string): string[] {
  const words = path.split('/').slice(0, -1);
  return words.map((_, index) => words.slice(0, index + 1).join('/'));
}
