import { createConnection } from 'node:net';

/** An SSH server under emulation takes its time for the first words. In milliseconds. */
const BANNER_DEADLINE_MS = 5000;

/**
 * Who is behind a port: an SSH server; nobody who wants the connection (`refused`, which takes a guest whose network
 * works); or nobody who says anything (`silent`).
 */
export type PortAnswer = 'ssh' | 'refused' | 'silent';

/**
 * Whether an SSH server answers on a port of 127.0.0.1: it says who it is first (RFC 4253 §4.2). A port that QEMU
 * forwards takes connections long before there is anybody behind it, and closes them when the guest refuses. `silent` at
 * once when the signal comes.
 */
export function knockForSsh(port: number, signal: AbortSignal): Promise<PortAnswer> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    const end = (answer: PortAnswer): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      socket.destroy();
      resolve(answer);
    };
    const giveUp = (): void => end('silent');
    signal.addEventListener('abort', giveUp);
    const timer = setTimeout(giveUp, BANNER_DEADLINE_MS);
    socket.once('data', (piece) => end(piece.toString('latin1').startsWith('SSH-') ? 'ssh' : 'silent'));
    socket.once('error', () => end('refused'));
    socket.once('close', () => end('refused'));
  });
}
