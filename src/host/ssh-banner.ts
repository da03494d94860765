import { createConnection } from 'node:net';

/** An SSH server under emulation takes its time for the first words. In milliseconds. */
const BANNER_DEADLINE_MS = 5000;

/**
 * Whether an SSH server answers on a port of 127.0.0.1: it says who it is first (RFC 4253 §4.2). A port that QEMU
 * forwards takes connections long before there is anybody behind it. False at once when the signal comes.
 */
export function answersAsSsh(port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    const end = (isThere: boolean): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      socket.destroy();
      resolve(isThere);
    };
    const giveUp = (): void => end(false);
    signal.addEventListener('abort', giveUp);
    const timer = setTimeout(() => end(false), BANNER_DEADLINE_MS);
    socket.once('data', (piece) => end(piece.toString('latin1').startsWith('SSH-')));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}
