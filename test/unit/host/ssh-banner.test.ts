import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { findLoopbackPort } from '../../../src/host/loopback-port.ts';
import { knockForSsh, type PortAnswer } from '../../../src/host/ssh-banner.ts';

let server: Server | undefined;
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.close();
});

async function listen(greet: (socket: Socket) => void): Promise<number> {
  const port = await findLoopbackPort();
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    greet(socket);
  });
  await new Promise<void>((resolve) => void server?.listen(port, '127.0.0.1', resolve));
  return port;
}

/** A signal that does not come. */
const NEVER = new AbortController().signal;

describe('knockForSsh', () => {
  test.each<{ greet: (socket: Socket) => void; expected: PortAnswer; because: string }>([
    {
      greet: (socket) => void socket.write('SSH-2.0-OpenSSH_9.2\r\n'),
      expected: 'ssh',
      because: 'a server says who it is',
    },
    {
      greet: (socket) => void socket.write('220 mail\r\n'),
      expected: 'silent',
      because: 'it is another server',
    },
    { greet: (socket) => void socket.end(), expected: 'refused', because: 'QEMU closes what nobody takes' },
    { greet: (socket) => void socket.resetAndDestroy(), expected: 'refused', because: 'the guest refuses' },
  ])('$expected: $because', async ({ greet, expected }) => {
    expect(await knockForSsh(await listen(greet), NEVER)).toBe(expected);
  });

  test('refused where nobody listens', async () => {
    expect(await knockForSsh(await findLoopbackPort(), NEVER)).toBe('refused');
  });

  test('silent at once when the signal comes', async () => {
    const startedAt = performance.now();
    expect(await knockForSsh(await listen(() => {}), AbortSignal.timeout(50))).toBe('silent');
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  test('silent after a while where nobody says anything', async () => {
    expect(await knockForSsh(await listen(() => {}), NEVER)).toBe('silent');
  }, 10_000);
});
