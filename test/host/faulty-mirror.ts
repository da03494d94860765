import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * What a mirror does instead of answering in full: a status, hanging up before or in the middle of the body, saying
 * nothing (any more), sending other bytes, ignoring the wish for a part, or sending slowly.
 */
export type Fault = number | 'hang-up' | 'cut' | 'silent' | 'stall' | 'wrong' | 'whole' | 'slow';

/** A request as the mirror saw it. */
export interface SeenRequest {
  readonly path: string;
  /** First byte asked for, when only a part was. */
  readonly from: number | undefined;
}

/** A mirror on the loopback interface that fails as it is told. */
export interface FaultyMirror {
  readonly uri: string;
  readonly seen: readonly SeenRequest[];
  /** Bytes of bodies that were sent so far. */
  readonly sentBytes: () => number;
  /** Goes away, so that connections are refused. */
  readonly die: () => Promise<void>;
  /** Comes back on the same port. */
  readonly revive: () => Promise<void>;
}

const CHANGED = 'Sat, 21 Nov 2026 07:00:00 GMT';
const SLOW_PIECE = 64 * 1024;

/**
 * Starts a mirror.
 *
 * @param files contents by path
 * @param faults what goes wrong, in turn, with the requests whose path ends so; the rest is answered well
 */
export async function startFaultyMirror(
  files: ReadonlyMap<string, Buffer>,
  faults: Readonly<Record<string, Fault[]>>,
): Promise<FaultyMirror> {
  const seen: SeenRequest[] = [];
  let sentBytes = 0;
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    // apt writes the flat suite "./" into its addresses.
    const path = (request.url ?? '').replace('/./', '/');
    const from = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
    seen.push({ path, from: from === undefined ? undefined : Number(from) });
    const queue = Object.entries(faults).find(([end]) => path.endsWith(end))?.[1];
    const send = (bytes: Buffer): boolean => {
      sentBytes += bytes.length;
      return response.write(bytes);
    };
    void answer({ body: files.get(path), from: Number(from ?? 0), fault: queue?.shift() }, response, send);
  };
  let server = await listen(listener, 0);
  const port = portOf(server);
  return {
    uri: `http://127.0.0.1:${port}`,
    seen,
    sentBytes: () => sentBytes,
    die: () => close(server),
    revive: async () => {
      server = await listen(listener, port);
    },
  };
}

interface Question {
  readonly body: Buffer | undefined;
  readonly from: number;
  readonly fault: Fault | undefined;
}

async function answer(
  { body, from, fault }: Question,
  response: ServerResponse,
  send: (bytes: Buffer) => boolean,
): Promise<void> {
  if (fault === 'silent') return;
  if (fault === 'hang-up') return void response.destroy();
  if (typeof fault === 'number') return void response.writeHead(fault).end();
  if (body === undefined) return void response.writeHead(404).end();
  const start = fault === 'whole' ? 0 : from;
  if (start > 0 && start >= body.length)
    return void response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
  const rest = fault === 'wrong' ? Buffer.alloc(body.length - start) : body.subarray(start);
  const headers = { 'last-modified': CHANGED, 'accept-ranges': 'bytes', 'content-length': rest.length };
  const range = `bytes ${start}-${body.length - 1}/${body.length}`;
  if (start > 0) response.writeHead(206, { ...headers, 'content-range': range });
  else response.writeHead(200, headers);
  if (fault === 'cut' || fault === 'stall') {
    send(rest.subarray(0, rest.length / 2));
    // What was sent must have left us first.
    if (fault === 'cut') await delay(100).then(() => response.destroy());
    return;
  }
  if (fault === 'slow') {
    for (let at = 0; at < rest.length && !response.destroyed; at += SLOW_PIECE) {
      send(rest.subarray(at, at + SLOW_PIECE));
      await delay(50);
    }
  } else send(rest);
  response.end();
}

async function listen(
  listener: (request: IncomingMessage, response: ServerResponse) => void,
  port: number,
): Promise<Server> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port');
  return address.port;
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
