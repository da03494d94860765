import { createConnection, type Socket } from 'node:net';
import { readdir, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { listenForLines } from '../../../src/host/line-socket.ts';
import { useScratchDirectory } from '../workflows/scratch-directory.ts';

const scratch = useScratchDirectory('lines');

async function send(path: string, ...pieces: readonly string[]): Promise<() => void> {
  const socket = createConnection(path);
  await new Promise((resolve) => {
    socket.once('connect', resolve);
  });
  for (const piece of pieces) await new Promise<void>((resolve) => void socket.write(piece, () => resolve()));
  return () => socket.end();
}

describe('listenForLines', () => {
  test('delivers what was sent until the end, in lines, and leaves no socket', async () => {
    const path = scratch.join('s');
    const lines: string[] = [];
    const socket = await listenForLines(path, (line) => lines.push(line));
    const end = await send(path, 'first\r\nsec', 'ond\nlast');
    end();
    await socket.close();
    expect(lines).toEqual(['first', 'second', 'last']);
    expect(await readdir(scratch.path)).toEqual([]);
  });

  test('tells of a prompt, which has no line end', async () => {
    const path = scratch.join('s');
    const prompts: string[] = [];
    const onPause = (text: string): void => void prompts.push(text);
    const socket = await listenForLines(path, () => {}, { onPause });
    const end = await send(path, 'boot\n(initramfs) ');
    await delay(600);
    expect(prompts).toEqual(['(initramfs) ']);
    end();
    await socket.close();
  });

  test('lets somebody take the bytes as they are, and answer', async () => {
    const path = scratch.join('s');
    const [lines, pieces]: [string[], Buffer[]] = [[], []];
    const onConnection = (sender: Socket): void => {
      sender.on('data', (piece) => pieces.push(Buffer.from(piece)));
      sender.write('answer');
    };
    const socket = await listenForLines(path, (line) => lines.push(line), { onConnection });
    const sender = createConnection(path);
    const answer = await new Promise((resolve) => {
      sender.once('data', (data) => resolve(data.toString()));
    });
    sender.end(Buffer.from([0xff, 0x41, 0x0d, 0x0a, 0x1b]));
    await socket.close();
    expect(answer).toBe('answer');
    expect(Buffer.concat(pieces).toString('hex')).toBe('ff410d0a1b');
    expect(lines).toEqual(['\ufffdA', '\x1b']);
  });

  test('a sender that never ends does not hold the end up', async () => {
    const path = scratch.join('s');
    const socket = await listenForLines(path, () => {});
    await send(path, 'x');
    const began = performance.now();
    await socket.close();
    expect(performance.now() - began).toBeLessThan(5000);
  });

  test('takes the place of what a killed process left there', async () => {
    const path = scratch.join('s');
    await writeFile(path, '');
    await (await listenForLines(path, () => {})).close();
  });
});
