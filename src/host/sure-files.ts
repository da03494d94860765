import { link, lstat, mkdir, rename, rm, stat } from 'node:fs/promises';

/**
 * Changes of names on a file system whose server may carry one out and lose the reply: asked again, it then says that
 * the old name is gone or the new one is taken, though all is well. What really happened, the inode tells.
 */

/** Gives a file a second name, which must be free. The first one must be nobody else's. Errors are those of `link`. */
export async function linkSurely(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const [ours, there] = [await readInode(from), await readInode(to)];
    if (ours === undefined || ours !== there) throw error;
  }
}

/** Renames a file, link or directory. Errors are those of `rename`. */
export async function renameSurely(from: string, to: string): Promise<void> {
  const ours = await readInode(from);
  try {
    await rename(from, to);
  } catch (error) {
    if (ours === undefined || ours !== (await readInode(to))) throw error;
  }
}

/** Removes a file with a name that nobody else will take, if it is there. Errors are those of `rm`. */
export async function removeSurely(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    if ((await readInode(path)) !== undefined) throw error;
  }
}

/** Makes a directory and those that it lies in, unless they are there. Errors are those of `mkdir`. */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    if (!(await isDirectory(path))) throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Undefined when there is nothing, or nobody can tell. */
async function readInode(path: string): Promise<string | undefined> {
  return lstat(path, { bigint: true }).then(
    ({ dev, ino }) => `${dev}:${ino}`,
    () => undefined,
  );
}
