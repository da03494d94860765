import { readBig64 } from './image-check.ts';
import type { ByteSource } from '../values/byte-source.ts';
import type { ImageFormat } from './image-report.ts';

/** Bytes that give a format away. */
interface Signature {
  readonly format: ImageFormat;
  readonly offset: number;
  readonly bytes: Buffer;
}

const text = (value: string): Buffer => Buffer.from(value, 'latin1');

/** At the start of the file; the first that fits counts. Sources: each format's own specification. */
const SIGNATURES: readonly Signature[] = [
  { format: 'vhd', offset: 0, bytes: text('conectix') },
  { format: 'vhdx', offset: 0, bytes: text('vhdxfile') },
  { format: 'vmdk', offset: 0, bytes: text('KDMV') },
  { format: 'vmdk', offset: 0, bytes: text('COWD') },
  { format: 'vmdk', offset: 0, bytes: text('# Disk DescriptorFile') },
  { format: 'qed', offset: 0, bytes: text('QED\0') },
  { format: 'luks', offset: 0, bytes: text('LUKS\xba\xbe') },
  { format: 'vdi', offset: 64, bytes: Buffer.from('7f10dabe', 'hex') },
  { format: 'parallels', offset: 0, bytes: text('WithoutFreeSpace') },
  { format: 'parallels', offset: 0, bytes: text('WithouFreSpacExt') },
  { format: 'gzip', offset: 0, bytes: Buffer.from('1f8b08', 'hex') },
  { format: 'bzip2', offset: 0, bytes: text('BZh') },
  { format: 'xz', offset: 0, bytes: Buffer.from('fd377a585a00', 'hex') },
  { format: 'zstd', offset: 0, bytes: Buffer.from('28b52ffd', 'hex') },
  { format: 'zip', offset: 0, bytes: text('PK\x03\x04') },
  { format: 'iso', offset: 32769, bytes: text('CD001') },
];

/** Bytes from the start that decide: up to the volume descriptor of ISO 9660. */
const START_BYTES = 36 * 1024;
const SECTOR_BYTES = 512;

/**
 * What a file is, by its content alone. `raw` is whatever nothing else fits, as with every other reader; `tar` is one
 * whose first file is no `.ovf`.
 */
export async function detectFormat(source: ByteSource): Promise<ImageFormat> {
  if (source.sizeBytes === 0) return 'empty';
  const start = await source.read(0, Math.min(START_BYTES, source.sizeBytes));
  const found = SIGNATURES.find(({ offset, bytes }) =>
    start.subarray(offset, offset + bytes.length).equals(bytes),
  );
  return found?.format ?? detectQcow(start) ?? detectTar(start) ?? (await detectAtEnd(source)) ?? 'raw';
}

function detectQcow(start: Buffer): ImageFormat | undefined {
  if (start.toString('latin1', 0, 4) !== 'QFI\xfb') return undefined;
  return start.length >= 8 && start.readUInt32BE(4) === 1 ? 'qcow1' : 'qcow2';
}

function detectTar(start: Buffer): ImageFormat | undefined {
  if (start.length < SECTOR_BYTES || start.toString('latin1', 257, 262) !== 'ustar') return undefined;
  const name = start.toString('latin1', 0, 100).replace(/\0.*$/s, '');
  return name.toLowerCase().endsWith('.ovf') ? 'ova' : 'tar';
}

/** Formats that say what they are in the last sector. */
async function detectAtEnd(source: ByteSource): Promise<ImageFormat | undefined> {
  if (source.sizeBytes < SECTOR_BYTES) return undefined;
  const end = await source.read(source.sizeBytes - SECTOR_BYTES, SECTOR_BYTES);
  if (end.toString('latin1', 0, 8) === 'conectix') return 'vhd';
  // An Apple disk image: its trailer states its own length.
  if (end.toString('latin1', 0, 4) === 'koly' && readBig64(end, 4) > 0) return 'dmg';
  return undefined;
}
