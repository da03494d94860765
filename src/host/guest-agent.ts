import { randomInt } from 'node:crypto';
import { createConnection, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { forwardLines } from './forward-lines.ts';

/** An answer of the guest's agent: what it returned, or why it refused. */
type Answer = { readonly value: unknown } | { readonly refusal: string };

/** Which answer is waited for. */
interface Expected {
  readonly deadlineMs?: number;
  /** Others are let pass. */
  readonly isOurs?: (answer: Answer) => boolean;
}

/** An agent that is there answers within this; under emulation it is slow. In milliseconds. */
const ANSWER_DEADLINE_MS = 10_000;
/** Between two tries to find an agent that has not started yet, in milliseconds. */
const RETRY_MS = 500;

/** The guest's agent refused, or answered nonsense. */
export class GuestAgentError extends Error {
  override readonly name = 'GuestAgentError';
}

/**
 * A conversation with the QEMU guest agent through the Unix socket behind its port (QEMU, docs/interop/qemu-ga-ref):
 * one command after the other, as management servers do it.
 */
export class GuestAgent {
  readonly #socket: Socket;
  readonly #closed: Promise<Answer>;
  #hear: (message: Record<string, unknown>) => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    const refusal = 'the connection was closed';
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve({ refusal })));
    forwardLines(socket, (line) => {
      const message = parseMessage(line);
      if (message !== undefined) this.#hear(message);
    });
  }

  /**
   * Connects to the socket of a running QEMU, and pings until an agent answers. Rejects when the signal comes, which is
   * what ends the waiting for an agent that never starts.
   */
  static async connect(path: string, signal: AbortSignal): Promise<GuestAgent> {
    for (;;) {
      signal.throwIfAborted();
      const socket = await open(path);
      if (socket !== undefined) {
        const agent = new GuestAgent(socket);
        if (await agent.#synchronise(signal)) return agent;
        agent.close();
      }
      await delay(RETRY_MS, undefined, { signal });
    }
  }

  /** Replaces the content of a file in the guest. Raises {@link GuestAgentError}. */
  async writeFile(path: string, data: Uint8Array): Promise<void> {
    const handle = await this.#execute('guest-file-open', { path, mode: 'w+' });
    const written = await this.#execute('guest-file-write', {
      handle,
      'buf-b64': Buffer.from(data).toString('base64'),
    });
    await this.#execute('guest-file-close', { handle });
    const count = isObject(written) ? written['count'] : undefined;
    if (count !== data.length) {
      throw new GuestAgentError(`the guest agent wrote ${String(count)} of ${data.length} bytes to ${path}`);
    }
  }

  /** Whether a file can be read in the guest. */
  async hasFile(path: string): Promise<boolean> {
    const answer = await this.#ask('guest-file-open', { path, mode: 'r' });
    if (!('value' in answer)) return false;
    await this.#ask('guest-file-close', { handle: answer.value });
    return true;
  }

  /** Ends the conversation. */
  close(): void {
    this.#socket.destroy();
  }

  async #execute(command: string, argument: Readonly<Record<string, unknown>>): Promise<unknown> {
    const answer = await this.#ask(command, argument);
    if ('value' in answer) return answer.value;
    throw new GuestAgentError(`the guest agent refused ${command}: ${answer.refusal}`);
  }

  /**
   * Answers of earlier conversations may still come; the one with our number is the first of ours. An agent that starts
   * late answers all that it was asked meanwhile: only the number of the last question ends that.
   */
  async #synchronise(signal: AbortSignal): Promise<boolean> {
    while (!this.#socket.destroyed) {
      const id = randomInt(2 ** 31);
      const answer = await this.#ask('guest-sync', { id }, { deadlineMs: 2 * RETRY_MS, isOurs: isValue(id) });
      if ('value' in answer) return true;
      if (signal.aborted) return false;
    }
    return false;
  }

  async #ask(
    command: string,
    argument: Readonly<Record<string, unknown>>,
    { deadlineMs = ANSWER_DEADLINE_MS, isOurs = () => true }: Expected = {},
  ): Promise<Answer> {
    const answered = new Promise<Answer>((resolve) => {
      this.#hear = (message) => {
        const answer = parseAnswer(message);
        if (answer !== undefined && isOurs(answer)) resolve(answer);
      };
    });
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: argument })}\n`);
    const late = delay(deadlineMs, { refusal: 'no answer' }, { ref: false });
    return Promise.race([answered, this.#closed, late]);
  }
}

async function open(path: string): Promise<Socket | undefined> {
  const socket = createConnection(path);
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

function parseMessage(line: string): Record<string, unknown> | undefined {
  try {
    // An agent that was asked to flush begins with the byte 0xff.
    const value: unknown = JSON.parse(line.replace(/^\ufffd+/, ''));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function parseAnswer(message: Readonly<Record<string, unknown>>): Answer | undefined {
  if ('return' in message) return { value: message['return'] };
  return isObject(message['error']) ? { refusal: String(message['error']['desc']) } : undefined;
}

function isValue(id: number): (answer: Answer) => boolean {
  return (answer) => 'value' in answer && answer.value === id;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
