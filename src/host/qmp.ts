import { createConnection, type Socket } from 'node:net';
import { forwardLines } from './forward-lines.ts';

/** Something that QEMU tells without being asked, such as `SHUTDOWN`. */
export interface QmpEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** QEMU answers control commands within milliseconds, unless it hangs. */
const ANSWER_DEADLINE_MS = 5000;

/**
 * A connection to QEMU's control socket (QMP; docs/interop/qmp-spec in QEMU). The socket takes one connection at a time,
 * and the kernel closes it when QEMU ends, in whatever way.
 */
export class QmpConnection {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (answer: Record<string, unknown>) => void>();
  #lastId = 0;
  #isOpen = true;
  /** Resolves when QEMU has gone, or {@link close} was called. */
  readonly closed: Promise<void>;

  private constructor(socket: Socket, onEvent: (event: QmpEvent) => void) {
    this.#socket = socket;
    forwardLines(socket, (line) => this.#hear(line, onEvent));
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#isOpen = false;
        for (const answer of this.#waiting.values()) answer({ error: { desc: 'QEMU has gone' } });
        resolve();
      });
    });
  }

  /** Connects and makes QEMU listen; undefined when nobody answers at that path. */
  static async connect(
    path: string,
    onEvent: (event: QmpEvent) => void = () => {},
  ): Promise<QmpConnection | undefined> {
    const socket = createConnection(path);
    const isConnected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.on('error', () => resolve(false));
    });
    if (!isConnected) return undefined;
    const connection = new QmpConnection(socket, onEvent);
    // Until then QEMU takes no other command and tells no events.
    await connection.execute('qmp_capabilities');
    return connection;
  }

  /**
   * Runs a command; false when QEMU refused it, went away or did not answer in time.
   *
   * @param argument the command's arguments by name
   */
  async execute(command: string, argument: Readonly<Record<string, unknown>> = {}): Promise<boolean> {
    if (!this.#isOpen) return false;
    const id = (this.#lastId += 1);
    const answer = await new Promise<Record<string, unknown>>((resolve) => {
      const timer = setTimeout(() => resolve({ error: { desc: 'no answer' } }), ANSWER_DEADLINE_MS);
      this.#waiting.set(id, (found) => {
        clearTimeout(timer);
        resolve(found);
      });
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: argument, id })}\n`);
    });
    this.#waiting.delete(id);
    return 'return' in answer;
  }

  /** Ends the connection; QEMU runs on. */
  close(): void {
    this.#socket.destroy();
  }

  #hear(line: string, onEvent: (event: QmpEvent) => void): void {
    const message = parseObject(line);
    if (message === undefined) return;
    const { event, data, id } = message;
    if (typeof event === 'string') onEvent({ name: event, data: isObject(data) ? data : {} });
    else if (typeof id === 'number') this.#waiting.get(id)?.(message);
  }
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
