import { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { createTerminalProgress } from '../../../src/cli/terminal-progress.ts';
import { withoutControlCharacters } from '../../../src/cli/text-layout.ts';
import { PLAIN_STYLE } from '../../../src/cli/text-style.ts';
import type { ProgressEnd } from '../../../src/cli/progress-renderer.ts';
import type { WorkflowEvent } from '../../../src/workflows/events.ts';

/** A terminal that remembers what was drawn on it. */
function fakeTerminal() {
  const chunks: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, callback) => {
      chunks.push(chunk.toString());
      callback();
    },
  });
  const terminal = Object.assign(stream, { isTTY: true, rows: 40, columns: 80 });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that the renderer uses is here
  return { stream: terminal as unknown as NodeJS.WriteStream, text: () => chunks.join('') };
}

/** The lines that stay on the terminal after the events and the end. */
async function linesAfter(end: ProgressEnd, ...events: readonly WorkflowEvent[]): Promise<string[]> {
  const terminal = fakeTerminal();
  const progress = createTerminalProgress({
    stream: terminal.stream,
    layout: { width: 72, style: PLAIN_STYLE },
    nowMs: () => 0,
  });
  for (const event of events) progress.emit(event);
  await progress.close(end);
  const final = terminal.text().split('\x1b[G').at(-1) ?? '';
  return final
    .split('\n')
    .map((line) => withoutControlCharacters(line).trimEnd().replace(/ {3,}/g, '   '))
    .filter((line) => line !== '');
}

const stages: WorkflowEvent = { type: 'stages', stages: ['plan', 'base', 'packer'] };
const planned: WorkflowEvent = { type: 'stage-finished', stage: 'plan', summary: 'server', durationMs: 600 };
const base: WorkflowEvent = { type: 'stage-started', stage: 'base', detail: 'resolving' };

describe('progress on a terminal', () => {
  test('a finished build shows every stage with its mark, and what was not needed', async () => {
    expect(await linesAfter('finished', stages, planned)).toEqual([
      '✔ plan   server   0.6 s',
      '– base   not needed',
      '– packer   not needed',
    ]);
  });

  test('a failed stage is marked, later ones stay blank', async () => {
    const failed: WorkflowEvent = {
      type: 'stage-failed',
      stage: 'base',
      message: 'no space',
      durationMs: 2000,
    };
    expect(await linesAfter('failed', stages, planned, base, failed)).toEqual([
      '✔ plan   server   0.6 s',
      '✖ base   no space   2.0 s',
      '  packer',
    ]);
  });

  test('an interrupted stage says so', async () => {
    const lines = await linesAfter('interrupted', stages, planned, base);
    expect(lines[1]).toBe('✖ base   interrupted   0.0 s');
  });

  test('a warning stays below the stage in which it came', async () => {
    const lines = await linesAfter('finished', stages, planned, base, {
      type: 'warning',
      text: 'old mirror',
    });
    expect(lines.slice(1, 3)).toEqual(['– base   not needed', '  ! old mirror']);
  });

  test('what is no warning has no mark', async () => {
    const lines = await linesAfter('finished', stages, planned, base, {
      type: 'header',
      text: 'packer 1.6.6',
    });
    expect(lines[2]).toBe('  packer 1.6.6');
  });

  test('a second list follows the first', async () => {
    const lines = await linesAfter('finished', stages, planned, stages, planned);
    expect(lines.filter((line) => line.startsWith('✔ plan'))).not.toEqual([]);
  });

  test('without stages there are only lines', async () => {
    expect(
      await linesAfter('finished', { type: 'header', text: 'mintmark 1' }, { type: 'notice', text: 'x' }),
    ).toEqual(['mintmark 1', 'x']);
  });
});
