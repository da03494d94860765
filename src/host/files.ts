import { randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeDirectory, removeSurely, renameSurely } from './sure-files.ts';

/**
 * Whether an error is a system error with one of these codes. Judged by its code alone: an error that Node
 * itself throws is no `instanceof Error` inside a test runner's realm.
 */
export function isSystemError(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    typeof error.code === 'string' &&
    codes.includes(error.code)
  );
}

/** The text of a file, or undefined when it does not exist. */
export async function readTextIfExists(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** The object in a JSON file, or undefined when there is no such file, or it holds anything else (cut short, say). */
export async function readJsonObjectIfExists(path: string): Promise<Record<string, unknown> | undefined> {
  const text = await readTextIfExists(path);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Writes a file so that a reader, or a power cut, sees the old content or the new one:
 * temporary name in the same directory, sync, rename, sync of the directory. Creates the directory.
 */
export async function writeFileAtomically(
  path: string,
  data: string | Uint8Array,
  mode = 0o644,
): Promise<void> {
  const directory = dirname(path);
  await makeDirectory(directory);
  const temporary = join(directory, `.${basename(path)}.${randomBytes(4).toString('hex')}.tmp`);
  try {
    await writeAndSync(temporary, data, mode, 'wx');
    await renameSurely(temporary, path);
  } catch (error) {
    await removeSurely(temporary);
    throw error;
  }
  await syncDirectory(directory);
}

/** Creates a file that must not exist yet; false when it does. Its content is on disk on return. */
export async function createFileExclusively(path: string, data: string): Promise<boolean> {
  await makeDirectory(dirname(path));
  try {
    await writeAndSync(path, data, 0o644, 'wx');
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw error;
  }
  await syncDirectory(dirname(path));
  return true;
}

/** Makes the names in a directory survive a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  await syncFile(directory);
}

/** Makes the content of a file, written by whoever, survive a power cut. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAndSync(
  path: string,
  data: string | Uint8Array,
  mode: number,
  flags: string,
): Promise<void> {
  const handle = await open(path, flags, mode);
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
