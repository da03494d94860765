import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
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
