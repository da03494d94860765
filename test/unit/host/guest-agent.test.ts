import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { GuestAgent, GuestAgentError } from '../../../src/host/guest-agent.ts';
import { useScratchDirectory } from '../workflows/scratch-directory.ts';

const scratch = useScratchDirectory('agent');
const servers: Server[] = [];
const sockets: Socket[] = [];
const agents: GuestAgent[] = [];
afterEach(() => {
  for (const agent of agents.splice(0)) agent.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

interface Question {
  readonly execute: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

type Agent = (question: Question, socket: Socket, number: number) => void;

const say = (socket: Socket, message: unknown): void =>
  void socket.write(typeof message === 'string' ? message : `${JSON.stringify(message)}\n`);

/** What an agent in order answers. */
function answerTo({ execute, arguments: given }: Question): object {
  if (execute === 'guest-sync') return { return: given['id'] };
  if (execute === 'guest-file-open') return { return: 1000 };
  if (execute === 'guest-file-write') {
    return { return: { count: Buffer.from(String(given['buf-b64']), 'base64').length, eof: false } };
  }
  return { return: {} };
}

const inOrder: Agent = (question, socket) => say(socket, answerTo(question));

/** An agent that answers one command otherwise. */
const refuse = (command: string, message: object): Agent => {
  return (question, socket) => say(socket, question.execute === command ? message : answerTo(question));
};

/** A socket as QEMU makes it, with an agent behind it. Returns what the agent was asked. */
async function listen(agent: Agent): Promise<{ path: string; asked: Question[] }> {
  const path = scratch.join('agent.sock');
  const asked: Question[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    let pending = '';
    socket.on('error', () => {});
    socket.on('data', (data: Buffer) => {
      const lines = (pending + data.toString()).split('\n');
      pending = lines.pop() ?? '';
      for (const line of lines) {
        const question: Question = JSON.parse(line);
        asked.push(question);
        agent(question, socket, asked.length);
      }
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(path, resolve));
  return { path, asked };
}

async function connect(path: string, limitMs = 8000): Promise<GuestAgent> {
  const agent = await GuestAgent.connect(path, AbortSignal.timeout(limitMs));
  agents.push(agent);
  return agent;
}

describe('GuestAgent.connect', () => {
  test.each<{ agent: Agent; because: string }>([
    { agent: inOrder, because: 'the agent is there' },
    {
      agent: (question, socket, number) => {
        if (number === 1) for (const id of [1, 2, 3]) say(socket, { return: id });
        inOrder(question, socket, number);
      },
      because: 'answers of another conversation come first',
    },
    {
      agent: (question, socket, number) => {
        if (number === 1) say(socket, { error: { class: 'GenericError', desc: 'not now' } });
        inOrder(question, socket, number);
      },
      because: 'a refusal of another conversation comes first',
    },
    {
      agent: (question, socket) => {
        socket.write(Buffer.concat([Buffer.from([0xff]), Buffer.from(JSON.stringify(answerTo(question)))]));
        socket.write('\n');
      },
      because: 'the answer begins with the byte 0xff, and comes in two pieces',
    },
    {
      agent: (question, socket) => say(socket, `{"ret\n[]\n\n${JSON.stringify(answerTo(question))}\n`),
      because: 'half a line, a line that is no object and an empty one come before',
    },
    {
      agent: (question, socket, number) => {
        if (number === 1) socket.destroy();
        else inOrder(question, socket, number);
      },
      because: 'the first connection is closed',
    },
  ])('finds an agent: $because', async ({ agent }) => {
    const { path, asked } = await listen((question, socket, number) => {
      if (question.execute !== 'guest-sync' || number > 20) throw new Error('asked for too much');
      agent(question, socket, number);
    });
    await connect(path);
    expect(asked[0]).toMatchObject({ execute: 'guest-sync' });
  });

  test('an agent that starts late answers all that it was asked meanwhile, and is found', async () => {
    const waiting: (() => void)[] = [];
    const found = new AbortController();
    const { path, asked } = await listen((question, socket) => {
      waiting.push(() => say(socket, answerTo(question)));
    });
    const answerAll = async (): Promise<void> => {
      await delay(3300);
      // One by one, as an emulated machine does: each answer is a piece of its own.
      while (!found.signal.aborted) {
        waiting.shift()?.();
        await delay(20);
      }
    };
    const answering = answerAll();
    const agent = await connect(path).finally(() => found.abort());
    await answering;
    expect(asked.length).toBeLessThan(8);
    expect(agent).toBeInstanceOf(GuestAgent);
  });

  test.each<{ agent: Agent | undefined; because: string }>([
    { agent: undefined, because: 'nobody listens' },
    { agent: () => {}, because: 'nobody answers' },
    { agent: (_, socket) => void socket.destroy(), because: 'each connection is closed' },
  ])('gives up when it is told to: $because', async ({ agent }) => {
    const path = agent === undefined ? scratch.join('nothing.sock') : (await listen(agent)).path;
    const began = performance.now();
    await expect(GuestAgent.connect(path, AbortSignal.timeout(700))).rejects.toThrow(/abort/i);
    expect(performance.now() - began).toBeLessThan(3500);
  });
});

describe('writing a file by the agent', () => {
  test('opens it, writes all of it, closes it', async () => {
    const { path, asked } = await listen(inOrder);
    const agent = await connect(path);
    await agent.writeFile('/tmp/cmdline', Buffer.from('name=r-1\0ÿ'));
    expect(asked.slice(1)).toEqual([
      { execute: 'guest-file-open', arguments: { path: '/tmp/cmdline', mode: 'w+' } },
      {
        execute: 'guest-file-write',
        arguments: { handle: 1000, 'buf-b64': Buffer.from('name=r-1\0ÿ').toString('base64') },
      },
      { execute: 'guest-file-close', arguments: { handle: 1000 } },
    ]);
  });

  test.each<{ agent: Agent; says: string; because: string }>([
    {
      agent: refuse('guest-file-open', { error: { desc: 'No such file or directory' } }),
      says: 'the guest agent refused guest-file-open: No such file or directory',
      because: 'the directory is missing',
    },
    {
      agent: refuse('guest-file-write', { error: { desc: 'No space left on device' } }),
      says: 'the guest agent refused guest-file-write: No space left on device',
      because: 'the disk is full',
    },
    {
      agent: refuse('guest-file-write', { return: { count: 3, eof: false } }),
      says: 'the guest agent wrote 3 of 5 bytes to /f',
      because: 'not all of it was written',
    },
    {
      agent: refuse('guest-file-write', { return: null }),
      says: 'the guest agent wrote undefined of 5 bytes to /f',
      because: 'it does not say how much it wrote',
    },
    {
      agent: (question, socket, number) => {
        if (question.execute === 'guest-file-write') socket.destroy();
        else inOrder(question, socket, number);
      },
      says: 'the guest agent refused guest-file-write: the connection was closed',
      because: 'the machine went away',
    },
  ])('"$says": $because', async ({ agent, says }) => {
    const { path } = await listen(agent);
    const writing = (await connect(path)).writeFile('/f', Buffer.from('12345'));
    await expect(writing).rejects.toThrow(new GuestAgentError(says));
  });

  test('says that nobody answers', async () => {
    const { path } = await listen((question, socket, number) => {
      if (question.execute === 'guest-sync') inOrder(question, socket, number);
    });
    const agent = await connect(path);
    await expect(agent.writeFile('/f', Buffer.from('x'))).rejects.toThrow('guest-file-open: no answer');
  }, 20_000);

  test.each([
    { agent: inOrder, isThere: true, because: 'it can be opened' },
    {
      agent: refuse('guest-file-open', { error: { desc: 'No such file' } }),
      isThere: false,
      because: 'it cannot',
    },
  ])('a file is there: $isThere, $because', async ({ agent, isThere }) => {
    const { path } = await listen(agent);
    expect(await (await connect(path)).hasFile('/f')).toBe(isThere);
  });
});
