import { rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { forwardLines } from './forward-lines.ts';

/** A Unix socket that we listen on. */
export interface LineSocket {
  /** Stops listening, and resolves when all that was sent has been delivered. */
  readonly close: () => Promise<void>;
}

/** How long what was sent may still be on its way after the sender has gone, in milliseconds. */
const DRAIN_MS = 1000;

/** What else may be heard of those who send. */
export interface LineListeners {
  /** Told an unfinished line after which nothing follows for a while. */
  readonly onPause?: ((unfinished: string) => void) | undefined;
  /** Told of everybody who connects, to take the bytes as they come and to answer. */
  readonly onConnection?: ((socket: Socket) => void) | undefined;
}

/**
 * Listens on a Unix socket and delivers each line that is sent to it. A program whose console goes there needs no file
 * that would hold it raw. Raises the system error of a path where no socket can be made; an old socket there is replaced.
 */
export async function listenForLines(
  path: string,
  deliver: (line: string) => void,
  { onPause, onConnection }: LineListeners = {},
): Promise<LineSocket> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => {});
    // Lines are decoded text; whoever wants bytes gets them before.
    forwardLines(onConnection === undefined ? socket : socket.pipe(new PassThrough()), deliver, onPause);
    onConnection?.(socket);
  });
  await rm(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  const close = async (): Promise<void> => {
    const ended = new Promise<void>((resolve) => void server.close(() => resolve()));
    const giveUp = setTimeout(() => open.forEach((socket) => socket.destroy()), DRAIN_MS);
    await ended;
    clearTimeout(giveUp);
    await rm(path, { force: true });
  };
  return { close };
}
