import { createServer } from 'node:net';
import { isSystemError } from './files.ts';

/** Ports from the first to the last, both among them. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/**
 * A TCP port on 127.0.0.1 that nobody listens on at this moment. It is free again when this returns, so whoever
 * takes it must be ready to find it taken and ask anew. Raises the system error when no port can be bound.
 *
 * @param range where to look, beginning at any place in it; any port unless given
 */
export async function findLoopbackPort(range?: PortRange): Promise<number> {
  if (range === undefined) return bindOnce(0);
  const count = range.last - range.first + 1;
  const start = Math.floor(Math.random() * count);
  for (let tried = 0; ; tried += 1) {
    try {
      return await bindOnce(range.first + ((start + tried) % count));
    } catch (error) {
      if (!isSystemError(error, 'EADDRINUSE') || tried + 1 >= count) throw error;
    }
  }
}

async function bindOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('a TCP server without a port'));
      });
    });
  });
}
