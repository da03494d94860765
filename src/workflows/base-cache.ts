import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BASE_FILES,
  parseBaseEntry,
  renderBaseEntry,
  type BaseEntry,
  type BaseFile,
} from '../bases/base-entry.ts';
import { Failure } from '../errors/failure.ts';
import { copyAndDigest } from '../host/copy-file.ts';
import { sha256OfFile } from '../host/digest-file.ts';
import { isSystemError } from '../host/files.ts';
import { GIB } from '../values/byte-size.ts';

/** Bytes that the cache may hold before the least recently used things go; `MINTMARK_CACHE_MAX_GIB` changes it. */
export const CACHE_LIMIT_BYTES = 20 * GIB;

/** The limit of the cache in this environment. Raises `E_CACHE_LIMIT` when the variable is no positive number. */
export function cacheLimitBytes(environment: Readonly<Record<string, string | undefined>>): number {
  const text = environment['MINTMARK_CACHE_MAX_GIB'] ?? '';
  if (text === '') return CACHE_LIMIT_BYTES;
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) > 0) return Number(text) * GIB;
  throw new Failure(
    'usage',
    'E_CACHE_LIMIT',
    `MINTMARK_CACHE_MAX_GIB must be a positive number; found ${JSON.stringify(text)}`,
  );
}

const ENTRY_FILE = 'entry.json';

const BASE_ROLES = ['disk', 'kernel', 'initrd', 'changelogs'] as const satisfies readonly BaseFile[];

/** A base disk whose bytes were checked and that nobody else can change: copies in the caller's own directory. */
export interface CheckedBase {
  readonly entry: BaseEntry;
  readonly directory: string;
}

/** The path of a file of a checked base. */
export function basePath(base: CheckedBase, file: BaseFile): string {
  return join(base.directory, BASE_FILES[file]);
}

/** Where the entry of a key lies. */
export function entryDirectory(cache: string, key: string): string {
  return join(cache, 'bases', key);
}

/** Reads what the cache says about a key, believing nothing but the entry's own digest. */
export function readBaseEntry(cache: string, key: string): Promise<BaseEntry | undefined> {
  return readEntryIn(entryDirectory(cache, key), key);
}

async function readEntryIn(directory: string, key: string): Promise<BaseEntry | undefined> {
  try {
    return parseBaseEntry(await readFile(join(directory, ENTRY_FILE), 'utf8'), key);
  } catch {
    return undefined;
  }
}

/** A base that {@link takeBase} copied earlier, every byte checked again; undefined when it is not what it was. */
export async function readCheckedBase(
  directory: string,
  key: string,
  signal?: AbortSignal,
): Promise<CheckedBase | undefined> {
  const entry = await readEntryIn(directory, key);
  if (entry === undefined) return undefined;
  for (const role of BASE_ROLES) {
    const found = await sha256OfFile(join(directory, BASE_FILES[role]), signal).catch(() => undefined);
    signal?.throwIfAborted();
    if (found !== entry.files[role].sha256) return undefined;
  }
  return { entry, directory };
}

/**
 * Copies a base out of the cache while checking every byte of it.
 * A damaged entry is removed; undefined then, as for one that is not there.
 */
export async function takeBase(
  cache: string,
  key: string,
  destination: string,
  signal?: AbortSignal,
): Promise<CheckedBase | undefined> {
  const entry = await readBaseEntry(cache, key);
  if (entry && (await copyEntry(cache, entry, destination, signal))) {
    const now = new Date();
    await utimes(entryDirectory(cache, key), now, now).catch(() => {});
    return { entry, directory: destination };
  }
  signal?.throwIfAborted();
  await rm(entryDirectory(cache, key), { recursive: true, force: true });
  return undefined;
}

async function copyEntry(
  cache: string,
  entry: BaseEntry,
  destination: string,
  signal?: AbortSignal,
): Promise<boolean> {
  await mkdir(destination, { recursive: true });
  for (const role of BASE_ROLES) {
    const from = join(entryDirectory(cache, entry.key), BASE_FILES[role]);
    const to = join(destination, BASE_FILES[role]);
    const copied = await copyAndDigest(from, to, signal).catch((error: unknown) => {
      if (isUnreadable(error, to)) return undefined;
      throw error;
    });
    if (copied?.sha256 !== entry.files[role].sha256) return false;
  }
  await writeFile(join(destination, ENTRY_FILE), renderBaseEntry(entry));
  return true;
}

/** A file of the cache that cannot be read is damage; a copy that cannot be written says nothing about the cache. */
function isUnreadable(error: unknown, destination: string): boolean {
  return (
    isSystemError(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'EIO', 'EACCES') &&
    error.path !== destination
  );
}

/** Puts a finished entry directory into the cache by one rename; an older entry of the key goes. */
export async function storeBase(cache: string, key: string, prepared: string): Promise<void> {
  await mkdir(join(cache, 'bases'), { recursive: true });
  await rm(entryDirectory(cache, key), { recursive: true, force: true });
  await rename(prepared, entryDirectory(cache, key));
}

/**
 * Removes the least recently used bases, packages and resolved closures until the cache fits its limit.
 * Bases whose key is in `keep` stay.
 */
export async function boundCache(
  cache: string,
  keep: readonly string[],
  limitBytes = CACHE_LIMIT_BYTES,
): Promise<void> {
  const apt = join(cache, 'apt');
  const roots = await readdir(apt).catch((): string[] => []);
  const found = await Promise.all([
    itemsOf(join(cache, 'bases'), keep),
    itemsOf(join(cache, 'debs'), []),
    ...roots.map((root) => itemsOf(join(apt, root, 'closures'), [])),
  ]);
  const items = found.flat().toSorted((a, b) => Number(b.keep) - Number(a.keep) || b.usedMs - a.usedMs);
  let total = 0;
  for (const item of items) {
    total += item.sizeBytes;
    if (total > limitBytes && !item.keep) await rm(item.path, { recursive: true, force: true });
  }
}

interface CacheItem {
  readonly path: string;
  readonly sizeBytes: number;
  readonly usedMs: number;
  readonly keep: boolean;
}

async function itemsOf(directory: string, keep: readonly string[]): Promise<CacheItem[]> {
  const names = await readdir(directory).catch((): string[] => []);
  const items = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      const status = await stat(path).catch(() => undefined);
      if (!status) return [];
      return [{ path, sizeBytes: await sizeOf(path), usedMs: status.mtimeMs, keep: keep.includes(name) }];
    }),
  );
  return items.flat();
}

async function sizeOf(path: string): Promise<number> {
  const status = await stat(path).catch(() => undefined);
  if (!status?.isDirectory()) return (status?.blocks ?? 0) * 512;
  const names = await readdir(path).catch(() => []);
  const sizes = await Promise.all(names.map((name) => sizeOf(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}
