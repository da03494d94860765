import { Failure } from '../errors/failure.ts';
import { paddedTarSize, TAR_BLOCK_BYTES } from './ustar.ts';

/** A regular file of an archive. */
export interface TarFile {
  /** As the archive has it: nothing says that it is relative or stays below anything. */
  readonly name: string;
  /** Part of the archive's own bytes. */
  readonly data: Buffer;
}

/** Type flags of POSIX and GNU tar that stand for something else than a file of their own. */
const TYPES = { regular: ['0', '\0', '7'], gnuLongName: 'L', paxHeader: 'x' } as const;

/**
 * The regular files of a tar archive (POSIX ustar and pax, GNU), in its order; links, directories and devices are passed over.
 *
 * Raises `E_TAR_DAMAGED` for a header that is none, and for an archive that ends before a member or without the zeros at its end.
 */
export function* readTarFiles(archive: Buffer): Generator<TarFile> {
  let longName: string | undefined;
  for (let at = 0; ;) {
    const header = slice(archive, at, TAR_BLOCK_BYTES);
    if (header.every((byte) => byte === 0)) return;
    requireChecksum(header, at);
    const type = header.toString('latin1', 156, 157);
    const data = slice(archive, at + TAR_BLOCK_BYTES, numberAt(header, 124, 12));
    at += TAR_BLOCK_BYTES + paddedTarSize(data.length);
    if (type === TYPES.gnuLongName) longName = textOf(data);
    else if (type === TYPES.paxHeader) longName = paxPath(data) ?? longName;
    else {
      if (TYPES.regular.some((flag) => flag === type)) yield { name: longName ?? nameOf(header), data };
      longName = undefined;
    }
  }
}

function nameOf(header: Buffer): string {
  const name = textOf(header.subarray(0, 100));
  // Only POSIX has the second part; GNU tar keeps times there.
  const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? textOf(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** `LENGTH path=VALUE` and a line end; the length counts the whole record. */
function paxPath(data: Buffer): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(data.toString('utf8'))?.[1];
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

function requireChecksum(header: Buffer, at: number): void {
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  if (numberAt(header, 148, 8) !== sum) throw damaged(`there is no header at byte ${at}`);
}

/** Octal digits; NaN for anything else, also the binary numbers that GNU tar has from 8 GiB on. */
function numberAt(header: Buffer, at: number, length: number): number {
  const digits = textOf(header.subarray(at, at + length)).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function slice(archive: Buffer, at: number, length: number): Buffer {
  const piece = archive.subarray(at, at + length);
  if (piece.length !== length) throw damaged(`it ends within the ${length} bytes at ${at}`);
  return piece;
}

function damaged(message: string): Failure {
  return new Failure('conflict', 'E_TAR_DAMAGED', `a tar archive is damaged: ${message}`);
}
