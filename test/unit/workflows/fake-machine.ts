import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { withoutDeathWatch } from '../../../src/host/die-with-parent.ts';
import { Failure } from '../../../src/errors/failure.ts';
import type { Runner, RunOptions, RunResult } from '../../../src/host/run.ts';
import type { CommandSpec } from '../../../src/values/command-spec.ts';

/** A QEMU without a machine in it, as a test steers it. */
export interface FakeQemu {
  readonly args: readonly string[];
  /** Writes to the serial line. */
  readonly say: (text: string) => Promise<void>;
  /** Sends an event over QMP. */
  readonly event: (name: string, data: object) => Promise<void>;
  /** Writes to QEMU's standard error. */
  readonly complain: (line: string) => void;
  /** Resolves when our side ends the program. */
  readonly ended: Promise<void>;
}

/** What a login does: tells lines, and ends with an exit code and what ssh said last. */
export type FakeLogin = (login: {
  readonly script: string;
  readonly number: number;
  readonly tell: (line: string) => void;
  readonly ended: Promise<void>;
}) => Promise<{ readonly exitCode: number; readonly stderr?: string }>;

/** Programs around a machine. */
export interface FakePrograms {
  /** Resolves when QEMU ends by itself; a failure thrown is how it ended. */
  readonly qemu?: (qemu: FakeQemu) => Promise<void>;
  readonly ssh?: FakeLogin;
  /** Any other program. */
  readonly other?: (spec: CommandSpec) => Promise<void>;
}

/** A runner of such programs; {@link commands} are their names, in order. */
export function fakePrograms(programs: FakePrograms): { readonly run: Runner; readonly commands: string[] } {
  const commands: string[] = [];
  let logins = 0;
  const run: Runner = async (spec, options = {}) => {
    const program = withoutDeathWatch(spec);
    commands.push(program.command);
    const ended = endOf(options);
    const work = async (): Promise<RunResult> => {
      if (program.command === 'qemu-system-x86_64') return runQemu(program, options, ended, programs);
      if (program.command !== 'ssh') {
        if (programs.other === undefined) throw new Error(`unscripted command: ${program.command}`);
        await programs.other(program);
        return result(0);
      }
      logins += 1;
      const tell = (line: string): void => options.onLine?.(line, 'stdout');
      const script = String(program.input);
      const answer = await programs.ssh?.({ script, number: logins, tell, ended });
      return result(answer?.exitCode ?? 255, answer?.stderr);
    };
    const interruption = ended.then(() => {
      throw new Failure('interrupted', 'E_INTERRUPTED', `${program.command} was interrupted`);
    });
    return Promise.race([work(), interruption]);
  };
  return { run, commands };
}

/** Lines by which a session's script says how far it is, in the order of login, ready, done. */
export function marksIn(script: string): [login: string, ready: string, done: string] {
  const found = [...script.matchAll(/^echo '?([0-9a-f]{32} (?:login|ready|done))'?$/gm)].map(
    ([, mark]) => mark ?? '',
  );
  return [found[0] ?? '', found[1] ?? '', found[2] ?? ''];
}

async function runQemu(
  spec: CommandSpec,
  options: RunOptions,
  ended: Promise<void>,
  { qemu }: FakePrograms,
): Promise<RunResult> {
  const devices = spec.args.flatMap((word, index) =>
    spec.args[index - 1] === '-chardev' ? [new Map(word.split(',').map(pairOf))] : [],
  );
  const pathOf = (id: string): string => devices.find((device) => device.get('id') === id)?.get('path') ?? '';
  const serial = createConnection(pathOf('serial'));
  await once(serial, 'connect');
  const control = await serveControl(pathOf('control'));
  try {
    await (qemu ?? (({ ended: end }) => end))({
      args: spec.args,
      ended,
      say: (text) => new Promise((resolve) => void serial.write(text, () => resolve())),
      event: async (event, data) => {
        for (const socket of await control.clients()) socket.write(`${JSON.stringify({ event, data })}\r\n`);
      },
      complain: (line) => options.onLine?.(line, 'stderr'),
    });
    return result(0);
  } finally {
    serial.end();
    control.close();
  }
}

async function serveControl(path: string): Promise<{ clients: () => Promise<Socket[]>; close: () => void }> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.write('{"QMP": {"version": {}, "capabilities": []}}\r\n');
    socket.on('data', (data) => {
      for (const [, id] of data.toString().matchAll(/"id":(\d+)/g))
        socket.write(`{"return":{},"id":${id}}\r\n`);
    });
  });
  await new Promise<void>((resolve) => void server.listen(path, resolve));
  return {
    clients: async () => {
      if (sockets.length === 0) await once(server, 'connection');
      return sockets;
    },
    close: () => {
      // What was sent before arrives, as it does from a program that ends.
      for (const socket of sockets) socket.end();
      server.close();
    },
  };
}

function pairOf(text: string): [string, string] {
  const [name = '', ...rest] = text.split('=');
  return [name, rest.join('=')];
}

function endOf({ signal }: RunOptions): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}

function result(exitCode: number, stderr = ''): RunResult {
  return { stdout: '', stderr, exitCode, durationMs: 1 };
}
