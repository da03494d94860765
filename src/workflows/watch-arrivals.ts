import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** How often we look whether something arrived, in milliseconds. */
const LOOK_MS = 1000;

/** Bytes in the files of some directories, not of those below them; files that vanish meanwhile count as nothing. */
export async function bytesIn(directories: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    directories.map(async (directory) => {
      const names = await readdir(directory).catch((): string[] => []);
      return Promise.all(names.map((name) => sizeOf(join(directory, name))));
    }),
  );
  return sizes.flat().reduce((sum, size) => sum + size, 0);
}

async function sizeOf(path: string): Promise<number> {
  const status = await stat(path).catch(() => undefined);
  return status?.isFile() === true ? status.size : 0;
}

/** What is told while a download is at work. */
export interface ArrivalWatch {
  /** Aborted when nothing arrived for too long. */
  readonly stalled: AbortSignal;
  readonly stop: () => void;
}

/**
 * Watches whether bytes arrive in some directories. apt gives each file of a stalled mirror its own time-out, one after
 * the other, so that three hundred packages take hours to fail; nothing at all for this long means the same.
 *
 * @param stallMs time without any change of the bytes, in milliseconds
 */
export function watchArrivals(directories: readonly string[], stallMs: number): ArrivalWatch {
  const stalled = new AbortController();
  let seen = -1;
  let changedMs = performance.now();
  const look = async (): Promise<void> => {
    const bytes = await bytesIn(directories);
    if (bytes !== seen) [seen, changedMs] = [bytes, performance.now()];
    else if (performance.now() - changedMs >= stallMs) stalled.abort();
  };
  const timer = setInterval(() => void look(), Math.min(LOOK_MS, stallMs / 4)).unref();
  return { stalled: stalled.signal, stop: () => clearInterval(timer) };
}
