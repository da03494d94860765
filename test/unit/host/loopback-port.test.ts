import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { findLoopbackPort } from '../../../src/host/loopback-port.ts';

test('a loopback port can be listened on', async () => {
  const port = await findLoopbackPort();
  expect(port).toBeGreaterThan(0);
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, resolve);
  });
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

async function listen(port: number): Promise<() => Promise<void>> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, resolve);
  });
  return () => new Promise((resolve) => void server.close(() => resolve()));
}

describe('in a range', () => {
  test('is found wherever one is free', async () => {
    const first = 48_200;
    const closing = await Promise.all([listen(first), listen(first + 2)]);
    for (let again = 0; again < 10; again += 1) {
      expect(await findLoopbackPort({ first, last: first + 2 })).toBe(first + 1);
    }
    for (const close of closing) await close();
  });

  test('is told when none is free', async () => {
    const close = await listen(48_210);
    await expect(findLoopbackPort({ first: 48_210, last: 48_210 })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await close();
  });
});
