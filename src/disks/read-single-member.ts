/** Where the deflate stream of a container lies, and what the container says of its content. */
export interface DeflateMember {
  readonly dataOffset: number;
  readonly deflatedBytes: number;
  readonly crc32: number;
  /** As a gzip says it modulo 2³². */
  readonly sizeBytes: number;
}

/** The ends of a file; both are the whole file where that is shorter. */
export interface FileEnds {
  readonly sizeBytes: number;
  /** The first bytes, {@link END_BYTES} of them. */
  readonly head: Buffer;
  /** The last bytes, {@link END_BYTES} of them. */
  readonly tail: Buffer;
}

/** Enough for every header of one member with the longest name that a file system takes, 255 characters. */
export const END_BYTES = 4096;

/** What is wrong with a container, as the end of a sentence: `field at offset 4 is 2, not 1`. */
export class ContainerFault extends Error {}

/** The member of a gzip as we write them: nothing optional. Raises {@link ContainerFault}. */
export function readGzipMember({ sizeBytes, head, tail }: FileEnds): DeflateMember {
  if (sizeBytes < 20) throw new ContainerFault(`it has ${sizeBytes} bytes, fewer than an empty gzip`);
  const fields = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0];
  for (const [offset, wanted] of fields.entries()) expectNumber(`byte ${offset}`, head[offset] ?? 0, wanted);
  return {
    dataOffset: 10,
    deflatedBytes: sizeBytes - 18,
    crc32: tail.readUInt32LE(tail.length - 8),
    sizeBytes: tail.readUInt32LE(tail.length - 4),
  };
}

/**
 * The member of a zip that has exactly one, deflated, with its sizes in the local header, and not a byte besides.
 * Raises {@link ContainerFault}.
 */
export function readZipMember({
  sizeBytes,
  head,
  tail,
}: FileEnds): DeflateMember & { readonly name: string } {
  const end = tail.length - 22;
  if (end < 0 || tail.readUInt32BE(end) !== 0x504b0506)
    throw new ContainerFault('it does not end with an end record');
  expectNumber('the number of members', tail.readUInt16LE(end + 10), 1);
  const directoryBytes = tail.readUInt32LE(end + 12);
  const isLarge = tail.readUInt32LE(end + 16) === 0xffffffff;
  const central = end - (isLarge ? 76 : 0) - directoryBytes;
  if (central < 0 || tail.readUInt32BE(central) !== 0x504b0102)
    throw new ContainerFault(`it has no directory of ${directoryBytes} bytes before its end record`);
  const directoryOffset = isLarge ? readLargeOffset(tail, end - 76) : tail.readUInt32LE(end + 16);
  expectNumber('the place of the directory', directoryOffset, sizeBytes - tail.length + central);
  const member = readLocalHeader(head);
  // The shortest deflate stream: an empty block.
  if (member.deflatedBytes < 2)
    throw new ContainerFault(`its deflate stream has ${member.deflatedBytes} bytes`);
  expectNumber('the end of the member', member.dataOffset + member.deflatedBytes, directoryOffset);
  const agree = head.subarray(4, 30 + member.nameBytes).equals(commonPart(tail, central, member.nameBytes));
  if (!agree) throw new ContainerFault('its directory and its local header differ');
  return member;
}

/** A central header without what a local one lacks: from the version needed to the end of the name. */
function commonPart(tail: Buffer, central: number, nameBytes: number): Buffer {
  const name = tail.subarray(central + 46, central + 46 + nameBytes);
  return Buffer.concat([tail.subarray(central + 6, central + 32), name]);
}

function readLargeOffset(tail: Buffer, at: number): number {
  if (tail.readUInt32BE(at) !== 0x504b0606) throw new ContainerFault('it has no Zip64 end record');
  return Number(tail.readBigUInt64LE(at + 48));
}

function readLocalHeader(head: Buffer): DeflateMember & { name: string; nameBytes: number } {
  if (head.readUInt32BE(0) !== 0x504b0304) throw new ContainerFault('it does not begin with a local header');
  expectNumber('flags', head.readUInt16LE(6) & ~0x0800, 0);
  expectNumber('method', head.readUInt16LE(8), 8);
  const nameBytes = head.readUInt16LE(26);
  const extraBytes = head.readUInt16LE(28);
  const extra = 30 + nameBytes;
  if (extra + extraBytes > head.length) throw new ContainerFault(`its name has ${nameBytes} bytes`);
  const isLarge = head.readUInt32LE(18) === 0xffffffff;
  expectNumber('the length of the extra field', extraBytes, isLarge ? 20 : 0);
  if (isLarge) expectNumber('the first extra field', head.readUInt32LE(extra), 0x0010_0001);
  return {
    name: head.toString('utf8', 30, extra),
    nameBytes,
    dataOffset: extra + extraBytes,
    crc32: head.readUInt32LE(14),
    sizeBytes: isLarge ? Number(head.readBigUInt64LE(extra + 4)) : head.readUInt32LE(22),
    deflatedBytes: isLarge ? Number(head.readBigUInt64LE(extra + 12)) : head.readUInt32LE(18),
  };
}

function expectNumber(what: string, found: number, wanted: number): void {
  if (found !== wanted) throw new ContainerFault(`${what} is ${found}, not ${wanted}`);
}
