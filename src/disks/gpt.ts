import { crc32 } from 'node:zlib';
import { Failure } from '../errors/failure.ts';
import { PARTITION_TYPES, SECTOR_BYTES } from './mbr.ts';

/*
 * GUID partition tables, as chapter 5 of the UEFI specification (2.10) describes them: a protective MBR, a header, and
 * an array of entries, the latter two again at the end of the disk in the other order.
 */

/** One partition of a GPT. */
export interface GptPartition {
  /** See {@link GPT_TYPES}. */
  readonly typeGuid: string;
  /** The partition's own GUID; the kernel calls it PARTUUID. */
  readonly guid: string;
  /** At most 36 UTF-16 code units. */
  readonly name: string;
  readonly startSector: number;
  readonly sectorCount: number;
}

/** A partition table. Used entries stand in their order, from number 1 on. */
export interface GptTable {
  readonly diskGuid: string;
  readonly partitions: readonly GptPartition[];
}

/** Partition types that we write: the UEFI and GRUB ones, and those of the Discoverable Partitions Specification. */
export const GPT_TYPES = {
  esp: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
  biosBoot: '21686148-6449-6e6f-744e-656564454649',
  swap: '0657fd6d-a4ab-43c4-84e5-0933c84b4f4f',
  /** Root file system of an amd64 system. */
  rootAmd64: '4f68bce3-e8cd-4db1-96e7-fbcaf984b709',
  /** Any Linux file system. */
  linux: '0fc63daf-8483-4772-8e79-3d69d8477de4',
} as const;

/** Entries of the array: the 128 that the specification asks for at least, and that every partitioner writes. */
const ENTRY_COUNT = 128;
const ENTRY_BYTES = 128;
const HEADER_BYTES = 92;
/** Sectors of the array of entries. */
const ENTRY_SECTORS = (ENTRY_COUNT * ENTRY_BYTES) / SECTOR_BYTES;
/** Sectors at the start of a disk that hold the protective MBR, the header and the entries. */
export const GPT_START_SECTORS = 2 + ENTRY_SECTORS;
/** Sectors at the end of a disk that hold the backup. */
const GPT_END_SECTORS = 1 + ENTRY_SECTORS;
const NAME_UNITS = 36;
const SIGNATURE = 'EFI PART';
const REVISION = 0x0001_0000;
/** Everything that a protective MBR can say of a disk of 2 TiB or more. */
const LARGEST_PROTECTED_SECTORS = 0xffff_ffff;
const MBR_ENTRY = 446;

/** The two ends of a disk with a GPT. */
export interface RenderedGpt {
  /** The first {@link GPT_START_SECTORS}; the 440 bytes for boot code are zero. */
  readonly start: Buffer;
  /** The last 33 sectors. */
  readonly end: Buffer;
  /** Where they begin, in bytes. */
  readonly endOffsetBytes: number;
}

/**
 * A GPT for a disk of this size.
 * Raises `E_GPT_INVALID` for partitions that overlap, lie outside or have no sectors, for names that are too long,
 * more than 128 partitions, and a size that is no multiple of 512.
 */
export function renderGpt(table: GptTable, diskBytes: number): RenderedGpt {
  const diskSectors = diskBytes / SECTOR_BYTES;
  checkTable(table, diskSectors);
  const entries = Buffer.alloc(ENTRY_COUNT * ENTRY_BYTES);
  for (const [index, partition] of table.partitions.entries()) {
    renderEntry(partition).copy(entries, index * ENTRY_BYTES);
  }
  const header = (self: number, other: number, entriesAt: number): Buffer =>
    renderHeader({ table, entries, diskSectors, self, other, entriesAt });
  const last = diskSectors - 1;
  return {
    start: Buffer.concat([renderProtectiveMbr(diskSectors), header(1, last, 2), entries]),
    end: Buffer.concat([entries, header(last, 1, last - ENTRY_SECTORS)]),
    endOffsetBytes: (diskSectors - GPT_END_SECTORS) * SECTOR_BYTES,
  };
}

/**
 * Reads the first {@link GPT_START_SECTORS} of a disk; the protective MBR is not looked at.
 * Raises `E_GPT_INVALID` naming the byte and the field when anything is not as the header's own sums say, or is laid
 * out as no partitioner does it.
 */
export function parseGpt(start: Buffer): GptTable {
  if (start.length < GPT_START_SECTORS * SECTOR_BYTES) throw invalid('the disk is too short for a GPT');
  const header = start.subarray(SECTOR_BYTES, 2 * SECTOR_BYTES);
  checkHeader(header);
  const count = header.readUInt32LE(80);
  const entries = start.subarray(2 * SECTOR_BYTES, 2 * SECTOR_BYTES + count * ENTRY_BYTES);
  if (crc32(entries) !== header.readUInt32LE(88))
    throw invalid('its entries have another sum than byte 600 says');
  const used = Array.from({ length: count }, (_, index) => parseEntry(entries, index * ENTRY_BYTES));
  const table = {
    diskGuid: parseGuid(header, 56),
    partitions: used.filter((partition) => partition !== undefined),
  };
  checkPlaces(table.partitions, Number(header.readBigUInt64LE(40)), Number(header.readBigUInt64LE(48)));
  return table;
}

/** Whether the first sector of a disk says that a GPT follows. */
export function isProtectiveMbr(sector: Buffer): boolean {
  const types = [0, 1, 2, 3].map((index) => sector[MBR_ENTRY + index * 16 + 4]);
  return sector.readUInt16LE(510) === 0xaa55 && types.includes(PARTITION_TYPES.gptProtective);
}

/** Where the root file system begins, in bytes: the last Linux partition. Raises `E_GPT_INVALID` without one. */
export function gptRootOffset({ partitions }: GptTable): number {
  const types: readonly string[] = [GPT_TYPES.rootAmd64, GPT_TYPES.linux];
  const root = partitions.findLast(({ typeGuid }) => types.includes(typeGuid));
  if (!root) throw invalid('it has no Linux partition');
  return root.startSector * SECTOR_BYTES;
}

function renderProtectiveMbr(diskSectors: number): Buffer {
  const sector = Buffer.alloc(SECTOR_BYTES);
  sector.set([0, 0, 2, 0, PARTITION_TYPES.gptProtective, 0xff, 0xff, 0xff], MBR_ENTRY);
  sector.writeUInt32LE(1, MBR_ENTRY + 8);
  sector.writeUInt32LE(Math.min(diskSectors - 1, LARGEST_PROTECTED_SECTORS), MBR_ENTRY + 12);
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

interface HeaderFacts {
  readonly table: GptTable;
  readonly entries: Buffer;
  readonly diskSectors: number;
  readonly self: number;
  readonly other: number;
  readonly entriesAt: number;
}

function renderHeader({ table, entries, diskSectors, self, other, entriesAt }: HeaderFacts): Buffer {
  const sector = Buffer.alloc(SECTOR_BYTES);
  sector.write(SIGNATURE, 0, 'latin1');
  sector.writeUInt32LE(REVISION, 8);
  sector.writeUInt32LE(HEADER_BYTES, 12);
  sector.writeBigUInt64LE(BigInt(self), 24);
  sector.writeBigUInt64LE(BigInt(other), 32);
  sector.writeBigUInt64LE(BigInt(GPT_START_SECTORS), 40);
  sector.writeBigUInt64LE(BigInt(diskSectors - GPT_END_SECTORS - 1), 48);
  renderGuid(table.diskGuid).copy(sector, 56);
  sector.writeBigUInt64LE(BigInt(entriesAt), 72);
  sector.writeUInt32LE(ENTRY_COUNT, 80);
  sector.writeUInt32LE(ENTRY_BYTES, 84);
  sector.writeUInt32LE(crc32(entries), 88);
  sector.writeUInt32LE(crc32(sector.subarray(0, HEADER_BYTES)), 16);
  return sector;
}

function renderEntry(partition: GptPartition): Buffer {
  const entry = Buffer.alloc(ENTRY_BYTES);
  renderGuid(partition.typeGuid).copy(entry, 0);
  renderGuid(partition.guid).copy(entry, 16);
  entry.writeBigUInt64LE(BigInt(partition.startSector), 32);
  entry.writeBigUInt64LE(BigInt(partition.startSector + partition.sectorCount - 1), 40);
  entry.write(partition.name, 56, 'utf16le');
  return entry;
}

function parseEntry(entries: Buffer, at: number): GptPartition | undefined {
  if (entries.subarray(at, at + 16).every((byte) => byte === 0)) return undefined;
  const first = Number(entries.readBigUInt64LE(at + 32));
  const last = Number(entries.readBigUInt64LE(at + 40));
  return {
    typeGuid: parseGuid(entries, at),
    guid: parseGuid(entries, at + 16),
    name: entries.toString('utf16le', at + 56, at + ENTRY_BYTES).replace(/\0.*$/s, ''),
    startSector: first,
    sectorCount: last - first + 1,
  };
}

/** Raises `E_GPT_INVALID` naming a field of the header by its byte on the disk, unless it is right. */
function expected(at: number, field: string, isRight: boolean): void {
  if (!isRight) throw invalid(`byte ${SECTOR_BYTES + at}, ${field}, is wrong`);
}

function checkHeader(header: Buffer): void {
  expected(0, 'the signature', header.toString('latin1', 0, 8) === SIGNATURE);
  expected(8, 'the revision', header.readUInt32LE(8) === REVISION);
  expected(12, 'the length of the header', header.readUInt32LE(12) === HEADER_BYTES);
  const summed = Buffer.from(header.subarray(0, HEADER_BYTES));
  summed.writeUInt32LE(0, 16);
  expected(16, 'the sum of the header', header.readUInt32LE(16) === crc32(summed));
  expected(24, 'its own place', header.readBigUInt64LE(24) === 1n);
  expected(72, 'the place of the entries', header.readBigUInt64LE(72) === 2n);
  expected(80, 'the number of entries', header.readUInt32LE(80) <= ENTRY_COUNT);
  expected(84, 'the size of an entry', header.readUInt32LE(84) === ENTRY_BYTES);
}

function checkTable({ partitions }: GptTable, diskSectors: number): void {
  if (!Number.isInteger(diskSectors) || diskSectors < GPT_START_SECTORS + GPT_END_SECTORS + 1) {
    throw invalid(`a disk of ${diskSectors} sectors cannot hold one`);
  }
  if (partitions.length > ENTRY_COUNT) throw invalid(`it holds 128 partitions, not ${partitions.length}`);
  const long = partitions.find(({ name }) => name.length > NAME_UNITS);
  if (long) throw invalid(`a name has at most 36 characters, not ${long.name.length}: ${long.name}`);
  checkPlaces(partitions, GPT_START_SECTORS, diskSectors - GPT_END_SECTORS - 1);
}

function checkPlaces(partitions: readonly GptPartition[], firstUsable: number, lastUsable: number): void {
  let free = firstUsable;
  for (const { startSector, sectorCount } of partitions.toSorted((a, b) => a.startSector - b.startSector)) {
    const last = startSector + sectorCount - 1;
    if (startSector < free || sectorCount < 1 || last > lastUsable) {
      throw invalid(`the partition of sectors ${startSector} to ${last} overlaps another or is out of range`);
    }
    free = last + 1;
  }
}

/** The first three fields of a GUID are little-endian on disk (UEFI specification, appendix A). */
const GUID_BYTES = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

function renderGuid(guid: string): Buffer {
  const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex');
  return Buffer.from(GUID_BYTES.map((from) => bytes[from] ?? 0));
}

function parseGuid(buffer: Buffer, at: number): string {
  const hex = Buffer.from(GUID_BYTES.map((from) => buffer[at + from] ?? 0)).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function invalid(what: string): Failure {
  return new Failure('image-test', 'E_GPT_INVALID', `the GPT cannot be used: ${what}`);
}
