import { randomBytes } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { removeSurely } from './sure-files.ts';

/** A living owner renews its file this often, in milliseconds. */
const HEARTBEAT_MS = 15_000;
/** A file this old is abandoned, when its owner lives where we cannot look: another host or container. */
const ABANDONED_MS = 10 * 60_000;

/**
 * Keeps renewing the time of a file's last change until the returned function is called; its content stays. A file
 * that cannot be renewed is only in danger of looking abandoned to other hosts, so that nobody is told.
 */
export function keepHeartbeat(path: string, everyMs = HEARTBEAT_MS): () => void {
  const renew = setInterval(() => void renewFile(path).catch(() => undefined), everyMs).unref();
  return () => clearInterval(renew);
}

/**
 * Whether the heartbeat of a file has stopped ten minutes ago; false when nobody can tell. Measured by the clock of the
 * file's own server, as the heartbeat is: the clocks of two hosts may be a year apart.
 */
export async function isAbandoned(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return false;
  const nowMs = await readServerTime(path).catch(() => undefined);
  return nowMs !== undefined && nowMs - found.mtimeMs > ABANDONED_MS;
}

/**
 * Writes the first byte again: the server then sets its own time, which `utimes` cannot ask for. A file that is only ever
 * replaced as a whole cannot change under this.
 */
async function renewFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(1), 0, 1, 0);
    if (bytesRead === 1) await handle.write(buffer, 0, 1, 0);
  } finally {
    await handle.close();
  }
}

/** What the server of a file calls now, in milliseconds since 1970: the time of a file just written beside it. */
async function readServerTime(path: string): Promise<number> {
  const probe = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.tmp`);
  const handle = await open(probe, 'wx');
  try {
    await handle.writeFile(' ');
    await handle.datasync();
    return (await handle.stat()).mtimeMs;
  } finally {
    await handle.close();
    await removeSurely(probe);
  }
}
