import { firstNonZero, type ImageCheck } from './image-check.ts';

/** A file inside an archive. */
export interface TarEntry {
  readonly name: string;
  readonly headerOffset: number;
  /** Where its bytes begin. */
  readonly offset: number;
  readonly sizeBytes: number;
}

/** Unit of the format. Source of all places here: POSIX.1-1988 "ustar", and GNU tar's manual for its deviations. */
const BLOCK_BYTES = 512;
/** An OVA has an OVF, a manifest, perhaps a certificate, and disks. */
const MOST_ENTRIES = 64;

/**
 * Lists an archive of plain files and checks each header. Everything but a plain file is a fault, as is a name that
 * would lead out of the directory the archive is unpacked in, or to another file of it.
 */
export async function readTar(check: ImageCheck): Promise<TarEntry[]> {
  const entries: TarEntry[] = [];
  let offset = 0;
  for (;;) {
    if (offset + BLOCK_BYTES > check.sizeBytes) {
      check.breach(offset, 'end of archive', 'is missing: two blocks of zeros');
      return entries;
    }
    const block = await check.read(offset, BLOCK_BYTES, 'tar header');
    if (!block) return entries;
    if (firstNonZero(block) === undefined) {
      await checkEnd(offset, check);
      return entries;
    }
    if (entries.length >= MOST_ENTRIES) {
      check.damage(offset, 'tar header', `is that of one more than ${MOST_ENTRIES} files`);
      return entries;
    }
    const entry = parseEntry(block, offset, check);
    if (!entry || !check.isInside(entry.offset, entry.sizeBytes, `file ${entry.name}`)) return entries;
    if (entries.some(({ name }) => name.toLowerCase() === entry.name.toLowerCase())) {
      check.damage(offset, 'name', `${JSON.stringify(entry.name)} comes twice`);
    }
    entries.push(entry);
    offset = await checkPadding(entry, check);
  }
}

function parseEntry(block: Buffer, offset: number, check: ImageCheck): TarEntry | undefined {
  // No sum of a block is as high as what stands for digits that are none.
  const stated = parseOctal(block.subarray(148, 156)) ?? 0xffffffff;
  const computed = block.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 32 : byte), 0);
  if (!check.checksum(`tar header checksum at ${offset}`, offset + 148, { stated, computed })) {
    return undefined;
  }
  const magic = block.toString('latin1', 257, 265);
  if (magic !== 'ustar\x0000' && magic !== 'ustar  \0') {
    check.breach(offset + 257, 'magic', `is ${JSON.stringify(magic)}, neither ustar's nor GNU tar's`);
  }
  const type = block.toString('latin1', 156, 157);
  const name = readName(block);
  if (type !== '0' && type !== '\0') {
    check.damage(
      offset + 156,
      'type flag',
      `of ${JSON.stringify(name)} is ${JSON.stringify(type)}: no plain file`,
    );
  }
  const wrong = nameFault(name);
  if (wrong !== undefined) check.damage(offset, 'name', `${JSON.stringify(name)} ${wrong}`);
  const sizeBytes = parseSize(block.subarray(124, 136));
  if (sizeBytes === undefined) {
    check.damage(offset + 124, 'size', 'is no number');
    return undefined;
  }
  return { name, headerOffset: offset, offset: offset + BLOCK_BYTES, sizeBytes };
}

function readName(block: Buffer): string {
  const field = (from: number, to: number): string => block.toString('utf8', from, to).replace(/\0.*$/s, '');
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? field(345, 500) : '';
  return prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`;
}

/** Why a name may not be in an OVA, or undefined: files are side by side, without a path. */
function nameFault(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.startsWith('/') || /^[a-z]:/i.test(name)) return 'is absolute';
  if (name.split(/[/\\]/).includes('..')) return 'leads out of the archive';
  if (/[/\\]/.test(name)) return 'has a directory';
  if (/[\u0000-\u001f\u007f]/.test(name)) return 'has a control character';
  return undefined;
}

/** Octal digits, then spaces or NULs. */
function parseOctal(field: Buffer): number | undefined {
  const text = field.toString('latin1');
  const [, digits] = /^ *([0-7]+)[ \0]*$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number.parseInt(digits, 8);
}

/** Octal, or from 8 GiB on GNU tar's binary form: the highest bit, then a number of up to 95 bits. */
function parseSize(field: Buffer): number | undefined {
  if (field[0] !== 0x80) return parseOctal(field);
  const high = field.subarray(1, 4);
  const value = field.readBigUInt64BE(4);
  return firstNonZero(high) === undefined && value <= Number.MAX_SAFE_INTEGER ? Number(value) : undefined;
}

/** Checks what fills up the last block; returns where the next header is. */
async function checkPadding(entry: TarEntry, check: ImageCheck): Promise<number> {
  const end = entry.offset + entry.sizeBytes;
  const next = entry.offset + Math.ceil(entry.sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
  const padding = next > check.sizeBytes ? undefined : await check.read(end, next - end, 'padding');
  if (!padding) check.damage(end, `padding of ${entry.name}`, 'is cut off');
  else if (firstNonZero(padding) !== undefined) check.breach(end, `padding of ${entry.name}`, 'is not zero');
  return next;
}

/** Behind the last file there are at least two blocks, and only zeros. */
async function checkEnd(offset: number, check: ImageCheck): Promise<void> {
  if (offset + 2 * BLOCK_BYTES > check.sizeBytes)
    check.breach(offset, 'end of archive', 'is one block of zeros, not two');
  for await (const piece of check.pieces(offset, check.sizeBytes - offset, 'end of archive')) {
    const dirty = firstNonZero(piece.data);
    if (dirty === undefined) continue;
    check.damage(piece.offset + dirty, 'end of archive', 'is followed by something');
    return;
  }
}
