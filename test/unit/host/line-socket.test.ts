import { createConnection } from 'node:net';
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
    const socket = await listenForLines(
      path,
      () => {},
      (text) => prompts.push(text),
    );
    const end = await send(path, 'boot\n(initramfs) ');
    await delay(600);
    expect(prompts).toEqual(['(initramfs) ']);
    end();
    await socket.close();
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
