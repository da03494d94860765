/** An entry of a `newc` archive, read back by code that shares nothing with the writer. */
export interface UnpackedEntry {
  readonly path: string;
  readonly mode: number;
  readonly isFile: boolean;
  readonly inode: number;
  readonly modifiedSeconds: number;
  readonly owner: readonly [number, number];
  readonly data: Buffer;
}

/** Every entry before the trailer. Throws when the archive is not what the kernel's description says. */
export function unpackCpio(archive: Buffer): UnpackedEntry[] {
  const entries: UnpackedEntry[] = [];
  for (let at = 0; ;) {
    if (archive.toString('latin1', at, at + 6) !== '070701') throw new Error(`no magic at byte ${at}`);
    const field = (index: number): number =>
      Number.parseInt(archive.toString('latin1', at + 6 + 8 * index, at + 14 + 8 * index), 16);
    const nameEnd = at + 110 + field(11);
    if (archive[nameEnd - 1] !== 0) throw new Error('the name does not end in NUL');
    const path = archive.toString('utf8', at + 110, nameEnd - 1);
    const dataStart = (nameEnd + 3) & ~3;
    const dataEnd = dataStart + field(6);
    if (path === 'TRAILER!!!') return entries;
    const mode = field(1);
    entries.push({
      path,
      mode,
      isFile: (mode & 0o170000) === 0o100000,
      inode: field(0),
      modifiedSeconds: field(5),
      owner: [field(2), field(3)],
      data: archive.subarray(dataStart, dataEnd),
    });
    at = (dataEnd + 3) & ~3;
  }
}
