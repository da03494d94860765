import { Failure } from '../errors/failure.ts';

/** Headers and data of an archive start on multiples of this many bytes. */
export const TAR_BLOCK_BYTES = 512;

/** An archive is a whole number of these: what tar writes unless told otherwise, and some readers want whole. */
const RECORD_BYTES = 20 * TAR_BLOCK_BYTES;

/** Bytes that a name may have: the longer form of POSIX needs a `/` in it. */
export const TAR_NAME_BYTES = 100;

/** Sizes from here on do not fit into the eleven octal digits of POSIX. */
const OCTAL_LIMIT = 8 ** 11;

/** A regular file in an archive. */
export interface TarMember {
  /** Plain ASCII, without a path. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Seconds since 1970. */
  readonly modifiedSeconds: number;
}

/**
 * The header of a regular file: POSIX ustar, mode 0644, owner 0. From 8 GiB on the size is a binary number, which GNU
 * tar introduced and is told by its magic: vSphere and VirtualBox read that, but not the extended headers that POSIX
 * has for it (open-vmdk pull request 65).
 *
 * Raises `E_TAR_MEMBER` for a name or a time that has no place in it.
 */
export function renderTarHeader(member: TarMember): Buffer {
  checkMember(member);
  const { name, sizeBytes, modifiedSeconds } = member;
  const large = sizeBytes >= OCTAL_LIMIT;
  const bytes = Buffer.alloc(TAR_BLOCK_BYTES);
  bytes.write(name, 0, 'latin1');
  writeOctal(bytes, 0o644, 100, 8);
  writeOctal(bytes, 0, 108, 8);
  writeOctal(bytes, 0, 116, 8);
  if (large) writeBinary(bytes, sizeBytes, 124, 12);
  else writeOctal(bytes, sizeBytes, 124, 12);
  writeOctal(bytes, modifiedSeconds, 136, 12);
  bytes.write('        0', 148, 'latin1');
  bytes.write(large ? 'ustar  \0' : 'ustar\x0000', 257, 'latin1');
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes;
}

/** Bytes that a member's data takes with what fills its last block. */
export function paddedTarSize(sizeBytes: number): number {
  return Math.ceil(sizeBytes / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
}

/** Size of an archive whose members end at a byte: two blocks of zeros, and more up to a whole record. */
export function tarSizeAfter(endOfMembers: number): number {
  return Math.ceil((endOfMembers + 2 * TAR_BLOCK_BYTES) / RECORD_BYTES) * RECORD_BYTES;
}

function checkMember({ name, modifiedSeconds }: TarMember): void {
  if (!/^[\x21-\x2e\x30-\x7e]+$/.test(name) || name.length > TAR_NAME_BYTES)
    throw invalid(`the name ${JSON.stringify(name)} is not 1 to ${TAR_NAME_BYTES} plain characters`);
  if (!Number.isInteger(modifiedSeconds) || modifiedSeconds < 0 || modifiedSeconds >= OCTAL_LIMIT)
    throw invalid(`the time of ${name} is no number of seconds since 1970: ${modifiedSeconds}`);
}

function invalid(message: string): Failure {
  return new Failure('usage', 'E_TAR_MEMBER', `an archive cannot hold this file: ${message}`);
}

/** Octal digits with leading zeros and a NUL at the end. */
function writeOctal(bytes: Buffer, value: number, at: number, length: number): void {
  bytes.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1');
}

/** Most significant byte first; the top bit of the field says that it is no octal number. */
function writeBinary(bytes: Buffer, value: number, at: number, length: number): void {
  bytes.writeUInt8(0x80, at);
  bytes.writeUInt32BE(Math.floor(value / 2 ** 32), at + length - 8);
  bytes.writeUInt32BE(value % 2 ** 32, at + length - 4);
}
