import { damaged, noSuchPath } from './ext4-damage.ts';
import { decodeName } from './ext4-directory.ts';
import type { Ext4Inode, FileType } from './ext4-inode.ts';
import { Ext4Volume } from './ext4-volume.ts';
import type { ReadAt } from './volume-bytes.ts';

/** One file as a walk or a look-up finds it. */
export interface Ext4Entry {
  /** Absolute, `/` for the root; names as {@link decodeName} gives them. */
  readonly path: string;
  readonly type: FileType;
  /** Permission bits with set-user-id, set-group-id and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Length of the content in bytes. */
  readonly size: number;
  /** Time of last change of content, in milliseconds since the epoch, with fractions. */
  readonly mtimeMs: number;
  /** Where a symbolic link points. */
  readonly linkTarget?: string;
  /** Extended attributes, the value in lower-case hexadecimal by full name, such as `security.capability`; absent when none. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Number of the inode; hard links to one file share it. */
  readonly inode: number;
}

/** A read-only ext2, ext3 or ext4 file system. Paths may begin with a slash or not. */
export interface Ext4FileSystem {
  /** Lower-case, with hyphens. */
  readonly uuid: string;
  readonly label: string;
  /** Content of a file of at most 64 MiB; follows links. Raises `E_EXT4_NO_SUCH_PATH`. */
  readonly readFile: (path: string) => Promise<Buffer>;
  /** Facts about a path, not following a link at its end; undefined when nothing is there. */
  readonly stat: (path: string) => Promise<Ext4Entry | undefined>;
  /** Target of a symbolic link. Raises `E_EXT4_NO_SUCH_PATH`. */
  readonly readlink: (path: string) => Promise<string>;
  /** Names in a directory in code-unit order; follows links. Raises `E_EXT4_NO_SUCH_PATH`. */
  readonly readdir: (path: string) => Promise<string[]>;
  /** Extended attributes by full name. Raises `E_EXT4_NO_SUCH_PATH`. */
  readonly attributes: (path: string) => Promise<ReadonlyMap<string, Buffer>>;
  /** Every file below a directory (the root by default) and itself, parents first, names in code-unit order. */
  readonly walk: (path?: string) => AsyncGenerator<Ext4Entry>;
  /** Content in pieces of at most 1 MiB, by path (following links) or inode number; do not write to the pieces. */
  readonly readStream: (file: string | number) => AsyncGenerator<Buffer>;
}

const ROOT_INODE = 2;
/** As many links as Linux follows in one path. */
const MAX_LINKS = 40;
/** As long a link target as Linux allows. */
const MAX_LINK_BYTES = 65536;
const MAX_READ_FILE_BYTES = 64 * 1024 * 1024;

/**
 * Opens an ext2, ext3 or ext4 file system that begins at byte `offset` of what `readAt` reads, without mounting it.
 * The journal must have been replayed, as a clean shutdown does.
 *
 * Raises `E_EXT4_DAMAGED` or `E_EXT4_UNSUPPORTED`, here and in every method, naming the field and its offset.
 */
export async function openExt4(readAt: ReadAt, offset: number): Promise<Ext4FileSystem> {
  const volume = await Ext4Volume.open(readAt, offset);
  const { uuid, label } = volume.superblock;
  const existing = async (path: string, type: FileType, follow: boolean): Promise<Ext4Inode> => {
    const inode = await resolve(volume, path, follow);
    if (inode?.type !== type) throw noSuchPath(path, type);
    return inode;
  };
  return {
    uuid,
    label,
    readFile: async (path) => volume.contentAtOnce(await existing(path, 'file', true), MAX_READ_FILE_BYTES),
    stat: async (path) => {
      const inode = await resolve(volume, path, false);
      return inode && entryOf(volume, inode, normalised(path));
    },
    readlink: async (path) => linkTarget(volume, await existing(path, 'symlink', false)),
    readdir: async (path) => {
      const entries = await volume.directory(await existing(path, 'directory', true));
      return entries.map(({ name }) => name).toSorted(byCodeUnit);
    },
    attributes: async (path) => {
      const inode = await resolve(volume, path, false);
      if (!inode) throw noSuchPath(path, 'file');
      return volume.attributes(inode);
    },
    walk: async function* (path = '/') {
      yield* walkFrom(volume, await existing(path, 'directory', true), normalised(path));
    },
    readStream: async function* (file) {
      const inode = typeof file === 'number' ? await volume.inode(file) : await existing(file, 'file', true);
      yield* volume.content(inode);
    },
  };
}

/** Each directory is entered once: a second way into it would be a loop, which no sound file system has. */
async function* walkFrom(volume: Ext4Volume, top: Ext4Inode, topPath: string): AsyncGenerator<Ext4Entry> {
  const entered = new Set<number>();
  const stack = [{ number: top.number, path: topPath }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { number, path } = next;
    const inode = await volume.inode(number);
    yield await entryOf(volume, inode, path);
    if (inode.type !== 'directory') continue;
    if (entered.has(number)) throw damaged('directory inode', inode.offset, number, 'is reached twice');
    entered.add(number);
    const names = (await volume.directory(inode)).toSorted((a, b) => byCodeUnit(b.name, a.name));
    const prefix = path === '/' ? '' : path;
    for (const entry of names) stack.push({ number: entry.inode, path: `${prefix}/${entry.name}` });
  }
}

async function entryOf(volume: Ext4Volume, inode: Ext4Inode, path: string): Promise<Ext4Entry> {
  const { type, mode, uid, gid, size, mtimeMs, number } = inode;
  const attributes = await volume.attributes(inode);
  const facts = { path, type, mode, uid, gid, size, mtimeMs, inode: number };
  const entry = attributes.size === 0 ? facts : { ...facts, attributes: inHexadecimal(attributes) };
  return type === 'symlink' ? { ...entry, linkTarget: await linkTarget(volume, inode) } : entry;
}

function inHexadecimal(attributes: ReadonlyMap<string, Buffer>): Record<string, string> {
  return Object.fromEntries(Array.from(attributes, ([name, value]) => [name, value.toString('hex')]));
}

/** Targets shorter than the block map's 60 bytes stand in its place. */
async function linkTarget(volume: Ext4Volume, inode: Ext4Inode): Promise<string> {
  const fast = inode.size < inode.block.length && !inode.usesExtents && !inode.hasInlineData;
  const bytes = fast
    ? inode.block.subarray(0, inode.size)
    : await volume.contentAtOnce(inode, MAX_LINK_BYTES);
  return decodeName(bytes);
}

/** Walks a path as the kernel does, with the visited directories on a stack for `..`. */
async function resolve(volume: Ext4Volume, path: string, follow: boolean): Promise<Ext4Inode | undefined> {
  const root = await volume.inode(ROOT_INODE);
  let trail: Ext4Inode[] = [root];
  const pending = segments(path).toReversed();
  let links = 0;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const here = trail.at(-1) ?? root;
    if (here.type !== 'directory') return undefined;
    if (name === '..') {
      if (trail.length > 1) trail.pop();
      continue;
    }
    const entry = (await volume.directory(here)).find((candidate) => candidate.name === name);
    if (!entry) return undefined;
    const inode = await volume.inode(entry.inode);
    if (inode.type !== 'symlink' || (pending.length === 0 && !follow)) {
      trail.push(inode);
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) return undefined;
    const target = await linkTarget(volume, inode);
    if (target.startsWith('/')) trail = [root];
    pending.push(...segments(target).toReversed());
  }
  return trail.at(-1);
}

function segments(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '' && segment !== '.');
}

function normalised(path: string): string {
  return `/${segments(path).join('/')}`;
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
