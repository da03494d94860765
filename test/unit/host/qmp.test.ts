import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { QmpConnection, type QmpEvent } from '../../../src/host/qmp.ts';
import { useScratchDirectory } from '../workflows/scratch-directory.ts';

const scratch = useScratchDirectory('qmp');
let server: Server | undefined;
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.close();
});

/** A QEMU that answers each command as `answer` says; nothing when that gives nothing. */
async function listen(answer: (command: string) => object | undefined): Promise<string> {
  const path = scratch.join('qmp.sock');
  server = createServer((socket) => {
    sockets.push(socket);
    socket.write('{"QMP": {"version": {}, "capabilities": []}}\r\n');
    socket.on('data', (data: Buffer) => {
      for (const line of data.toString().trim().split('\n')) {
        const execute = /"execute":"(\w+)"/.exec(line)?.[1] ?? '';
        const id = Number(/"id":(\d+)/.exec(line)?.[1]);
        const told = execute === 'qmp_capabilities' ? { return: {} } : answer(execute);
        if (told !== undefined) socket.write(`${JSON.stringify({ ...told, id })}\r\n`);
      }
    });
  });
  await new Promise<void>((resolve) => server?.listen(path, resolve));
  return path;
}

describe('QmpConnection', () => {
  test('is not there when nobody listens', async () => {
    expect(await QmpConnection.connect(scratch.join('nothing.sock'))).toBeUndefined();
  });

  test('tells whether QEMU did what it was asked for', async () => {
    const path = await listen((command) => (command === 'stop' ? { return: {} } : { error: { desc: 'no' } }));
    const qmp = await QmpConnection.connect(path);
    expect(await qmp?.execute('stop')).toBe(true);
    expect(await qmp?.execute('screendump', { filename: '/x' })).toBe(false);
    qmp?.close();
  });

  test('passes events on, and lives through lines that are none', async () => {
    const path = await listen(() => ({ return: {} }));
    const events: QmpEvent[] = [];
    const qmp = await QmpConnection.connect(path, (event) => events.push(event));
    sockets[0]?.write('garbage\n[]\n{"event": "SHUTDOWN", "data": {"guest": true}}\n{"event": "RESET"}\n');
    await qmp?.execute('stop');
    expect(events).toEqual([
      { name: 'SHUTDOWN', data: { guest: true } },
      { name: 'RESET', data: {} },
    ]);
    qmp?.close();
  });

  test('tells when QEMU has gone, also to whoever waits for an answer', async () => {
    const path = await listen(() => undefined);
    const qmp = await QmpConnection.connect(path);
    const answer = qmp?.execute('stop');
    sockets[0]?.destroy();
    await qmp?.closed;
    expect(await answer).toBe(false);
    expect(await qmp?.execute('quit')).toBe(false);
  });
});
