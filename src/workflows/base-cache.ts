import { mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { BASE_FILES, parseBaseEntry, type BaseEntry, type BaseFile } from '../bases/base-entry.ts';
import { copyAndDigest } from '../host/copy-file.ts';
import { GIB } from '../values/byte-size.ts';

/** Bytes that the cache may hold before the least recently used things go; `MINTMARK_CACHE_MAX_GIB` changes it. */
export const CACHE_LIMIT_BYTES = 20 * GIB;

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
export async function readBaseEntry(cache: string, key: string): Promise<BaseEntry | undefined> {
  try {
    return parseBaseEntry(await readFile(join(entryDirectory(cache, key), 'entry.json'), 'utf8'), key);
  } catch {
    return undefined;
  }
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
  for (const [role, name] of Object.entries(BASE_FILES) as [BaseFile, string][]) {
    try {
      const from = join(entryDirectory(cache, entry.key), name);
      const copied = await copyAndDigest(from, join(destination, name), signal);
      if (copied.sha256 !== entry.files[role].sha256) return false;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') throw error;
      return false;
    }
  }
  return true;
}

/** Puts a finished entry directory into the cache by one rename; an entry that is already there stays. */
export async function storeBase(cache: string, key: string, prepared: string): Promise<void> {
  await mkdir(join(cache, 'bases'), { recursive: true });
  await rm(entryDirectory(cache, key), { recursive: true, force: true });
  await rename(prepared, entryDirectory(cache, key));
}

/** Removes the least recently used bases and packages until the cache fits its limit; `keep` always stays. */
export async function boundCache(
  cache: string,
  keep: readonly string[],
  limitBytes = CACHE_LIMIT_BYTES,
): Promise<void> {
  const items = [
    ...(await itemsOf(join(cache, 'bases'), keep)),
    ...(await itemsOf(join(cache, 'debs'), [])),
  ].sort((a, b) => b.usedMs - a.usedMs);
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
  const names = await readdir(directory).catch(() => []);
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
