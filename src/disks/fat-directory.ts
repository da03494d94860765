import { invalidFat } from './fat-layout.ts';

/** Bytes of an entry of a directory. */
export const FAT_ENTRY_BYTES = 32;

/** Attribute bits of an entry. */
export const FAT_ATTRIBUTES = { volumeLabel: 0x08, directory: 0x10, archive: 0x20 } as const;

/** Bits by which Windows NT and Linux keep a name of lower-case letters in a short entry: its stem, its extension. */
const LOWER_CASE = { stem: 0x08, extension: 0x10 } as const;

/** One entry of a directory. */
export interface FatEntry {
  /** Eleven bytes: stem and extension, filled up with spaces; see {@link shortName}. */
  readonly name: Buffer;
  readonly attributes: number;
  readonly caseBits?: number;
  /** 0 for an empty file, and for a parent that is the root. */
  readonly cluster: number;
  readonly sizeBytes: number;
}

/**
 * A name as a short entry holds it. Raises `E_FAT_INVALID` for a name that needs a long one: more than eight
 * characters and three, other characters, or both cases in one part.
 */
export function shortName(name: string): { readonly name: Buffer; readonly caseBits: number } {
  const match = /^([\w-]{1,8})(?:\.([\w-]{1,3}))?$/.exec(name);
  const [stem = '', extension = ''] = [match?.[1], match?.[2]];
  const mixed = [stem, extension].some((part) => /[a-z]/.test(part) && /[A-Z]/.test(part));
  if (match === null || mixed) throw invalidFat(`${JSON.stringify(name)} is no short name`);
  const caseBits =
    (/[a-z]/.test(stem) ? LOWER_CASE.stem : 0) | (/[a-z]/.test(extension) ? LOWER_CASE.extension : 0);
  const text = stem.toUpperCase().padEnd(8) + extension.toUpperCase().padEnd(3);
  return { name: Buffer.from(text, 'latin1'), caseBits };
}

/** A directory's entries, all of one time. FAT has no time zone: the time is UTC. Years before 1980 become 1980. */
export function renderEntries(entries: readonly FatEntry[], epochSeconds: number): Buffer {
  const { date, time } = dosTime(epochSeconds);
  const bytes = Buffer.alloc(entries.length * FAT_ENTRY_BYTES);
  for (const [index, entry] of entries.entries()) {
    const at = index * FAT_ENTRY_BYTES;
    entry.name.copy(bytes, at, 0, 11);
    bytes.writeUInt8(entry.attributes, at + 11);
    bytes.writeUInt8(entry.caseBits ?? 0, at + 12);
    bytes.writeUInt16LE(time, at + 14);
    bytes.writeUInt16LE(date, at + 16);
    bytes.writeUInt16LE(date, at + 18);
    bytes.writeUInt16LE(entry.cluster >>> 16, at + 20);
    bytes.writeUInt16LE(time, at + 22);
    bytes.writeUInt16LE(date, at + 24);
    bytes.writeUInt16LE(entry.cluster & 0xffff, at + 26);
    bytes.writeUInt32LE(entry.sizeBytes, at + 28);
  }
  return bytes;
}

function dosTime(epochSeconds: number): { date: number; time: number } {
  const at = new Date(epochSeconds * 1000);
  const years = at.getUTCFullYear() - 1980;
  if (years < 0) return { date: (1 << 5) | 1, time: 0 };
  return {
    date: (years << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
  };
}
