import { createConnection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Calls back when QEMU goes away. Packer does not notice that (hashicorp/packer#2155), so we hold a connection to
 * QEMU's control socket, which the kernel closes with it.
 */
export async function watchQemu(
  socketPath: string,
  ended: AbortSignal,
  onGone: () => Promise<void>,
): Promise<void> {
  while (!ended.aborted) {
    const outcome = await holdConnection(socketPath, ended);
    if (outcome === 'closed') return onGone();
    await delay(500, undefined, { signal: ended }).catch(() => {});
  }
}

function holdConnection(socketPath: string, ended: AbortSignal): Promise<'closed' | 'refused'> {
  return new Promise((resolve) => {
    let connected = false;
    const socket = createConnection(socketPath);
    const stop = (): void => void socket.destroy();
    ended.addEventListener('abort', stop, { once: true });
    socket.on('connect', () => (connected = true));
    socket.on('data', () => {});
    socket.on('error', () => {});
    socket.on('close', () => {
      ended.removeEventListener('abort', stop);
      resolve(connected && !ended.aborted ? 'closed' : 'refused');
    });
  });
}
