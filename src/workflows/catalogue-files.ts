import { randomBytes } from 'node:crypto';
import { constants, copyFile, lstat, open, readdir, readlink, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../errors/failure.ts';
import { createFileExclusively, isSystemError, syncDirectory } from '../host/files.ts';
import { linkSurely, makeDirectory, removeSurely, renameSurely } from '../host/sure-files.ts';

/** What `link` says where it is not to be had: no support, a foreign owner, too many names. */
const NO_HARD_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/** Names in a directory, sorted; none when it does not exist. */
export async function listNames(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).toSorted();
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  }
}

/** Whether there is anything under this name, were it a dangling link. */
export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

/** Where a symbolic link points, or undefined when there is none. */
export async function readLinkIfExists(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EINVAL')) return undefined;
    throw error;
  }
}

/**
 * Creates a file that must not exist yet, complete from the moment it can be seen and on disk on return;
 * false when it exists. A file system without hard links gets a plain exclusive create.
 */
export async function createCompleteFile(path: string, text: string): Promise<boolean> {
  const temporary = temporaryBeside(path);
  try {
    if (!(await createFileExclusively(temporary, text))) return await createCompleteFile(path, text);
    await linkSurely(temporary, path);
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    if (isSystemError(error, ...NO_HARD_LINKS)) return await createFileExclusively(path, text);
    throw error;
  } finally {
    await removeSurely(temporary);
  }
  await syncDirectory(dirname(path));
  return true;
}

/** Points a symbolic link somewhere else; a reader sees the old target or the new one. */
export async function replaceLink(path: string, target: string): Promise<void> {
  const temporary = temporaryBeside(path);
  await makeDirectory(dirname(path));
  await symlink(target, temporary);
  try {
    await renameSurely(temporary, path);
  } catch (error) {
    await removeSurely(temporary);
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Puts the content and the names of a flat directory on disk. */
export async function syncFiles(directory: string): Promise<void> {
  for (const name of await listNames(directory)) {
    const handle = await open(join(directory, name), 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
  await syncDirectory(directory);
}

/** Moves a directory to a name that must be free or an empty directory; both parents are synced. */
export async function moveDirectory(from: string, to: string): Promise<void> {
  await makeDirectory(dirname(to));
  await renameSurely(from, to);
  await syncDirectory(dirname(to));
  await syncDirectory(dirname(from));
}

/**
 * Gives a file a second name, or a copy of its own where the file system cannot link (a clone where it can clone).
 * The file under its first name must not be written to afterwards. Returns which of the two was done.
 */
export async function linkOrCopyFile(from: string, to: string): Promise<'linked' | 'copied'> {
  try {
    await linkSurely(from, to);
    return 'linked';
  } catch (error) {
    if (!isSystemError(error, 'EXDEV', ...NO_HARD_LINKS)) throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    return 'copied';
  }
}

/**
 * Does something with a catalogue, and says in one failure what is wrong with the directory when it cannot.
 * @throws Failure of kind `host`: `E_CATALOGUE_READ_ONLY`, `E_CATALOGUE_FULL`, `E_CATALOGUE_SHAPE`
 */
export async function withCatalogueErrors<T>(catalogue: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw catalogueFailure(catalogue, error) ?? error;
  }
}

function catalogueFailure(catalogue: string, cause: unknown): Failure | undefined {
  const options = (hint: string) => ({ hint, cause, evidence: { catalogue } });
  if (isSystemError(cause, 'EACCES', 'EPERM', 'EROFS')) {
    const hint = 'give this user write access to it, or pass --catalogue DIR with another directory';
    return new Failure(
      'host',
      'E_CATALOGUE_READ_ONLY',
      `the catalogue ${catalogue} cannot be written`,
      options(hint),
    );
  }
  if (isSystemError(cause, 'ENOSPC', 'EDQUOT')) {
    const hint = 'free space there, or pass --catalogue DIR with another directory';
    return new Failure(
      'host',
      'E_CATALOGUE_FULL',
      `there is no space left in the catalogue ${catalogue}`,
      options(hint),
    );
  }
  if (isSystemError(cause, 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENOTEMPTY')) {
    const hint = `look at ${cause.path ?? catalogue}, or pass --catalogue DIR with another directory`;
    const message = `the catalogue ${catalogue} has a file where a directory belongs, or the other way round`;
    return new Failure('host', 'E_CATALOGUE_SHAPE', message, options(hint));
  }
  return undefined;
}

/** A name that nobody else takes; what a kill leaves under it, `recoverLine` sweeps. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.tmp`);
}
