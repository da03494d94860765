import { damaged } from './ext4-damage.ts';

/** One extended attribute as it stands on disk. */
export interface AttributeEntry {
  /** Full name, such as `security.capability`. */
  readonly name: string;
  /** The value, or the inode that holds it and its length. */
  readonly value: Buffer | { readonly inode: number; readonly size: number };
}

/** Numbers from the kernel's documentation (filesystems/ext4/attributes). */
const MAGIC = 0xea020000;
const BLOCK_HEADER_BYTES = 32;
const ENTRY_HEADER_BYTES = 16;
const PREFIXES: ReadonlyMap<number, string> = new Map([
  [0, ''],
  [1, 'user.'],
  [2, 'system.posix_acl_access'],
  [3, 'system.posix_acl_default'],
  [4, 'trusted.'],
  [6, 'security.'],
  [7, 'system.'],
  [8, 'system.richacl'],
]);

/** Attributes that stand in the tail of an inode; none when the tail does not begin with the magic number. */
export function parseInodeAttributes(tail: Buffer, offset: number): AttributeEntry[] {
  if (tail.length < 4 || tail.readUInt32LE(0) !== MAGIC) return [];
  const entries = tail.subarray(4);
  return parseEntries(entries, 0, offset);
}

/** Attributes that stand in a block of their own. Raises `E_EXT4_DAMAGED` for another magic number. */
export function parseBlockAttributes(block: Buffer, offset: number): AttributeEntry[] {
  const magic = block.readUInt32LE(0);
  if (magic !== MAGIC) throw damaged('attribute block magic', offset, magic, `must be ${MAGIC}`);
  return parseEntries(block, BLOCK_HEADER_BYTES, offset);
}

function parseEntries(area: Buffer, start: number, offset: number): AttributeEntry[] {
  const found: AttributeEntry[] = [];
  for (let at = start; at + 4 <= area.length && area.readUInt32LE(at) !== 0;) {
    if (at + ENTRY_HEADER_BYTES > area.length)
      throw damaged('attribute entry', offset, at, 'leaves its area');
    const nameLength = area.readUInt8(at);
    const nameEnd = at + ENTRY_HEADER_BYTES + nameLength;
    if (nameEnd > area.length) throw damaged('attribute name length', offset, nameLength, 'leaves its area');
    const prefix = PREFIXES.get(area.readUInt8(at + 1)) ?? `${area.readUInt8(at + 1)}.`;
    const name = prefix + area.toString('utf8', at + ENTRY_HEADER_BYTES, nameEnd);
    found.push({ name, value: attributeValue(area, at, offset) });
    at = Math.ceil((nameEnd - start) / 4) * 4 + start;
  }
  return found;
}

function attributeValue(area: Buffer, at: number, offset: number): AttributeEntry['value'] {
  const begin = area.readUInt16LE(at + 2);
  const inode = area.readUInt32LE(at + 4);
  const size = area.readUInt32LE(at + 8);
  if (inode !== 0) return { inode, size };
  if (begin + size > area.length)
    throw damaged('attribute value', offset, `${begin}+${size}`, 'leaves its area');
  return area.subarray(begin, begin + size);
}
