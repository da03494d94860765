import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { WorkflowEvent } from '../../../src/workflows/events.ts';
import { takeLineTurn } from '../../../src/workflows/line-turn.ts';
import { compileSource, type CompiledSource } from '../../compiled-source.ts';
import { useScratchDirectory } from './scratch-directory.ts';
import { Stays } from './stays.ts';

const scratch = useScratchDirectory('turn');
const catalogue = (): string => scratch.join('catalogue');

function take(line: string, more: { wait?: boolean; at?: string; signal?: AbortSignal } = {}) {
  const events: WorkflowEvent[] = [];
  const { wait = false, at = '2026-11-21T12:03:00Z', signal = new AbortController().signal } = more;
  const emit = (event: WorkflowEvent) => void events.push(event);
  const clock = { now: () => new Date(at) };
  return { taking: takeLineTurn(catalogue(), line, { wait, signal, emit, clock }), events };
}

describe('the turn of a line', () => {
  test('is one build’s at a time; who does not wait is told whose it is', async () => {
    const turn = await take('server').taking;
    expect(turn.waited).toBe(false);
    await expect(take('server', { at: '2026-11-21T12:40:00Z' }).taking).rejects.toMatchObject({
      kind: 'conflict',
      code: 'E_LINE_BUSY',
      message: `server is being built by process ${process.pid} on ${hostname()} since 12:03 UTC`,
      hint: '--wait queues behind it',
    });
    await turn.release();
    await (await take('server').taking).release();
  });

  test('names the day when that is another', async () => {
    const turn = await take('server', { at: '2026-11-20T23:59:00Z' }).taking;
    await expect(take('server').taking).rejects.toThrow('since 2026-11-20 23:59 UTC');
    await turn.release();
  });

  test('is no other line’s business', async () => {
    const server = await take('server').taking;
    await (await take('edge').taking).release();
    await server.release();
  });

  test('is hidden in the catalogue while it is held, and nothing is left of it', async () => {
    await mkdir(catalogue());
    const turn = await take('server').taking;
    expect(await readdir(join(catalogue(), 'lines/server'))).toEqual(['.turn']);
    await turn.release();
    await turn.release();
    expect(await readdir(catalogue())).toEqual([]);
  });

  test('leaves no catalogue where there was none', async () => {
    await (await take('server').taking).release();
    expect(existsSync(catalogue())).toBe(false);
  });

  test('keeps what the build has put there', async () => {
    const turn = await take('server').taking;
    await writeFile(join(catalogue(), 'lines/index.html'), '');
    await turn.release();
    expect(await readdir(join(catalogue(), 'lines'))).toEqual(['index.html']);
  });

  test('is waited for, with one word about it', async () => {
    const turn = await take('server').taking;
    const { taking, events } = take('server', { wait: true });
    while (events.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await turn.release();
    const second = await taking;
    expect(second.waited).toBe(true);
    expect(events).toEqual([
      { type: 'notice', text: expect.stringMatching(/^server is being .*: waiting for it$/) },
    ]);
    await second.release();
    expect(await readdir(catalogue())).toEqual([]);
  });

  test('an interruption ends the waiting at once', async () => {
    const turn = await take('server').taking;
    const controller = new AbortController();
    const { taking } = take('server', { wait: true, signal: controller.signal });
    setTimeout(() => controller.abort(), 100);
    const began = performance.now();
    await expect(taking).rejects.toMatchObject({ kind: 'interrupted' });
    expect(performance.now() - began).toBeLessThan(2000);
    await turn.release();
  });

  test.each([
    { line: '../etc', code: 'E_LINE_NAME' },
    { line: '', code: 'E_LINE_NAME' },
  ])('of %j is refused', async ({ line, code }) => {
    await expect(take(line).taking).rejects.toMatchObject({ code });
  });

  test('in a catalogue that is a file is refused', async () => {
    await scratch.write('catalogue', '');
    await expect(take('server').taking).rejects.toMatchObject({ code: 'E_CATALOGUE_SHAPE' });
  });

  test('with a mark that a power cut emptied is somebody’s', async () => {
    await scratch.write('catalogue/lines/server/.turn', '');
    await expect(take('server').taking).rejects.toThrow('server is being built by another process');
  });
});

describe('between processes', () => {
  let source: CompiledSource;
  beforeAll(() => {
    source = compileSource('workflows/line-turn.ts');
  });
  afterAll(() => source.remove());

  const FIXTURE = join(import.meta.dirname, 'fixtures/take-turn.mjs');
  const start = (wait: boolean, holdMs: number): ChildProcess =>
    spawn(
      process.execPath,
      [FIXTURE, source.directory, catalogue(), 'server', String(wait), String(holdMs)],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );

  test('eight in a new catalogue come one after the other', async () => {
    const stays = new Stays();
    let done = 0;
    const runs = Array.from({ length: 8 }, async () => {
      const child = start(true, 30);
      const closed = once(child, 'close');
      if (!child.stdout) throw new Error('no output');
      for await (const line of createInterface(child.stdout)) stays.hear(line);
      const [code] = await closed;
      done += code === 0 ? 1 : 0;
    });
    await Promise.all(runs);
    expect({ done, most: stays.most }).toEqual({ done: 8, most: 1 });
  }, 60_000);

  test('the turn of a killed build passes on at once', async () => {
    const child = start(false, 0);
    const closed = once(child, 'close');
    if (!child.stdout) throw new Error('no output');
    for await (const line of createInterface(child.stdout)) if (line.startsWith('in ')) break;
    await expect(take('server').taking).rejects.toThrow(`process ${child.pid} on`);
    child.kill('SIGKILL');
    await closed;
    await (await take('server').taking).release();
  });
});
