import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** How a mirror of ours answers. */
export type MirrorAnswer = (path: string, response: ServerResponse) => Promise<void> | void;

/** A mirror on the loopback interface, for as long as it is needed. */
export interface MirrorServer {
  /** Its main archive, as `--mirror` takes it. */
  readonly uri: string;
  /** Paths that were asked for. */
  readonly asked: readonly string[];
  readonly close: () => Promise<void>;
}

/** Starts a mirror that answers as it is told. */
export async function startMirror(answer: MirrorAnswer): Promise<MirrorServer> {
  const asked: string[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '';
    asked.push(path);
    Promise.resolve(answer(path, response)).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { uri: `http://127.0.0.1:${portOf(server)}/debian`, asked, close: () => closeServer(server) };
}

/** Passes on what the real mirrors have, except what `instead` answers itself (it then returns true). */
export function passOn(
  mirrors: { readonly main: string; readonly security: string },
  instead: (path: string, response: ServerResponse) => boolean,
): MirrorAnswer {
  return async (path, response) => {
    if (instead(path, response)) return;
    const real = path.startsWith('/debian-security/')
      ? mirrors.security + path.slice('/debian-security'.length)
      : mirrors.main + path.slice('/debian'.length);
    const found = await fetch(real);
    const body = Buffer.from(await found.arrayBuffer());
    response.writeHead(found.status, { 'content-length': body.length });
    response.end(body);
  };
}

/** Answers with a page, as a captive portal does. */
export const answerWithPage: MirrorAnswer = (_path, response) => {
  response.writeHead(200, { 'content-type': 'text/html' });
  response.end('<html><body>Please log in to use this network</body></html>\n');
};

/** Answers with an index that nobody has signed. */
export const answerUnsigned: MirrorAnswer = (path, response) => {
  response.writeHead(path.endsWith('/InRelease') ? 200 : 404);
  response.end('Origin: Debian\nSuite: trixie\nCodename: trixie\nComponents: main\nSHA256:\n');
};

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port');
  return address.port;
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
