import type { PlainFile } from './gzip-stream.ts';

/** A deflated file, as the headers of an archive describe it. */
export interface DeflatedFile extends PlainFile {
  readonly deflatedBytes: number;
}

/** A zip archive with one deflated member. Its deflate stream begins at `dataOffset`. */
export interface ZipArchive {
  /** Bytes before the deflate stream. */
  readonly dataOffset: number;
  /** What stands at offset 0; `dataOffset` bytes. */
  readonly head: (file: DeflatedFile) => Uint8Array;
  /** What stands behind the deflate stream. */
  readonly tail: (file: DeflatedFile) => Uint8Array;
}

/*
 * Structures and numbers are those of PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16 and 4.5.3.
 */

const LOCAL_HEADER_BYTES = 30;
const CENTRAL_HEADER_BYTES = 46;
const METHOD_DEFLATE = 8;
/** 1980-01-01, the first day that MS-DOS knows; its midnight is 0. */
const FIRST_DAY = 0x0021;
/** Name in UTF-8; set only where the name is not plain ASCII. */
const FLAG_UTF8 = 0x0800;
/** Versions that a reader must support: 2.0 brought deflate, 4.5 Zip64. */
const VERSION_DEFLATE = 20;
const VERSION_ZIP64 = 45;
/** Attributes are those of Unix: a regular file that all may read. */
const MADE_ON_UNIX = 3 << 8;
const ATTRIBUTES = 0o100644 * 2 ** 16;
/** Stands where a number does not fit, and Zip64 has it. */
const SEE_ZIP64 = 0xffffffff;
const ZIP64_EXTRA_ID = 0x0001;

/**
 * Plans an archive with one member. Sizes stand in the local header, so that a reader can stream it; the caller
 * writes that last. Zip64 is used only where a size or a place might not fit in 32 bits, which is decided before deflating.
 *
 * @param memberName a plain file name, as it appears after unpacking
 * @param deflatedBound bytes that the deflate stream can at most have
 */
export function planZipArchive(memberName: string, sizeBytes: number, deflatedBound: number): ZipArchive {
  if (!isPlainName(memberName))
    throw new Error(`the name of a zip's member is a plain file name; found ${JSON.stringify(memberName)}`);
  const name = Buffer.from(memberName);
  const isLarge = Math.max(sizeBytes, LOCAL_HEADER_BYTES + name.length + deflatedBound) >= SEE_ZIP64;
  const dataOffset = LOCAL_HEADER_BYTES + name.length + (isLarge ? 20 : 0);
  return {
    dataOffset,
    head: (file) =>
      Buffer.concat([localHeader(name, file, isLarge), name, isLarge ? zip64Extra(file) : NOTHING]),
    tail: (file) => renderTail(name, file, { isLarge, directoryOffset: dataOffset + file.deflatedBytes }),
  };
}

const NOTHING = Buffer.alloc(0);

function isPlainName(name: string): boolean {
  return !['', '.', '..'].includes(name) && !/[/\\\0]/.test(name) && Buffer.byteLength(name) <= 0xffff;
}

function localHeader(name: Buffer, file: DeflatedFile, isLarge: boolean): Buffer {
  const header = Buffer.alloc(LOCAL_HEADER_BYTES);
  header.write('PK\x03\x04', 'latin1');
  writeCommonFields(header.subarray(4), { name, file, isLarge });
  return header;
}

/** The 26 bytes from `version needed` to `extra field length`, which both kinds of header have. */
function writeCommonFields(
  fields: Buffer,
  { name, file, isLarge }: { name: Buffer; file: DeflatedFile; isLarge: boolean },
): void {
  const isAscii = name.every((byte) => byte < 0x80);
  fields.writeUInt16LE(isLarge ? VERSION_ZIP64 : VERSION_DEFLATE, 0);
  fields.writeUInt16LE(isAscii ? 0 : FLAG_UTF8, 2);
  fields.writeUInt16LE(METHOD_DEFLATE, 4);
  fields.writeUInt16LE(FIRST_DAY, 8);
  fields.writeUInt32LE(file.crc32, 10);
  fields.writeUInt32LE(isLarge ? SEE_ZIP64 : file.deflatedBytes, 14);
  fields.writeUInt32LE(isLarge ? SEE_ZIP64 : file.sizeBytes, 18);
  fields.writeUInt16LE(name.length, 22);
  fields.writeUInt16LE(isLarge ? 20 : 0, 24);
}

function zip64Extra({ sizeBytes, deflatedBytes }: DeflatedFile): Buffer {
  const extra = Buffer.alloc(20);
  extra.writeUInt16LE(ZIP64_EXTRA_ID, 0);
  extra.writeUInt16LE(16, 2);
  extra.writeBigUInt64LE(BigInt(sizeBytes), 4);
  extra.writeBigUInt64LE(BigInt(deflatedBytes), 12);
  return extra;
}

/** Where the tail stands, and whether a size needs Zip64. The only member begins at 0, which always fits. */
interface TailPlace {
  readonly isLarge: boolean;
  readonly directoryOffset: number;
}

function renderTail(name: Buffer, file: DeflatedFile, place: TailPlace): Buffer {
  const header = Buffer.alloc(CENTRAL_HEADER_BYTES);
  header.write('PK\x01\x02', 'latin1');
  header.writeUInt16LE(MADE_ON_UNIX | (place.isLarge ? VERSION_ZIP64 : VERSION_DEFLATE), 4);
  writeCommonFields(header.subarray(6), { name, file, isLarge: place.isLarge });
  header.writeUInt32LE(ATTRIBUTES, 38);
  const directory = Buffer.concat([header, name, place.isLarge ? zip64Extra(file) : NOTHING]);
  const zip64 = place.isLarge ? zip64End(directory.length, place.directoryOffset) : NOTHING;
  return Buffer.concat([directory, zip64, endRecord(directory.length, place)]);
}

/** The Zip64 end record and its locator. */
function zip64End(directoryBytes: number, directoryOffset: number): Buffer {
  const end = Buffer.alloc(76);
  end.write('PK\x06\x06', 'latin1');
  end.writeBigUInt64LE(44n, 4);
  end.writeUInt16LE(MADE_ON_UNIX | VERSION_ZIP64, 12);
  end.writeUInt16LE(VERSION_ZIP64, 14);
  end.writeBigUInt64LE(1n, 24);
  end.writeBigUInt64LE(1n, 32);
  end.writeBigUInt64LE(BigInt(directoryBytes), 40);
  end.writeBigUInt64LE(BigInt(directoryOffset), 48);
  end.write('PK\x06\x07', 56, 'latin1');
  end.writeBigUInt64LE(BigInt(directoryOffset + directoryBytes), 64);
  end.writeUInt32LE(1, 72);
  return end;
}

function endRecord(directoryBytes: number, { isLarge, directoryOffset }: TailPlace): Buffer {
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(directoryBytes, 12);
  end.writeUInt32LE(isLarge ? SEE_ZIP64 : directoryOffset, 16);
  return end;
}
