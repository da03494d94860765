import { describe, expect, test } from '@jest/globals';
import type { WorkflowEvent } from '../../../src/workflows/events.ts';
import { createPlainRenderer, PROGRESS_INTERVAL_MS } from '../../../src/cli/plain-renderer.ts';

/** What is written for events that happen at the given times, in milliseconds after noon. */
function linesFor(events: readonly (readonly [number, WorkflowEvent])[], verbose = false): string[] {
  let nowMs = 0;
  const lines: string[] = [];
  const noon = Date.parse('2026-11-21T12:00:00.000Z');
  const renderer = createPlainRenderer({
    write: (text) => void lines.push(text),
    now: () => new Date(noon + nowMs),
    verbose,
  });
  for (const [atMs, event] of events) {
    nowMs = atMs;
    renderer.emit(event);
  }
  return lines;
}

const progress = (detail: string, percent?: number): WorkflowEvent => ({
  type: 'stage-progress',
  stage: 'packer',
  detail,
  ...(percent === undefined ? {} : { percent }),
});

describe('plain progress', () => {
  test.each<{ event: WorkflowEvent; line: string | undefined; because: string }>([
    { event: { type: 'header', text: 'mintmark 1' }, line: 'mintmark 1', because: 'a header is text' },
    { event: { type: 'warning', text: 'old' }, line: 'warning: old', because: 'warnings are named' },
    { event: { type: 'stages', stages: ['plan'] }, line: undefined, because: 'the list is for terminals' },
    {
      event: { type: 'stage-started', stage: 'plan' },
      line: 'plan      started',
      because: 'no detail was given',
    },
    { event: progress('converting', 41.9), line: 'packer    converting 41 %', because: 'percent are whole' },
    {
      event: { type: 'stage-finished', stage: 'base', summary: 'fresh', durationMs: 1234 },
      line: 'base      done in 1.2 s: fresh',
      because: 'the time is for people',
    },
    {
      event: { type: 'stage-failed', stage: 'test', message: 'no login', durationMs: 65_000 },
      line: 'test      failed after 1m 05 s: no login',
      because: 'a failure says when',
    },
    {
      event: { type: 'stage-skipped', stage: 'test', reason: '--no-test' },
      line: 'test      skipped: --no-test',
      because: 'a reason is given',
    },
    {
      event: { type: 'command', commandLine: 'qemu -x' },
      line: undefined,
      because: 'calls are for --verbose',
    },
    {
      event: { type: 'notice', text: '\x1b[31mred\x1b[0m\n' },
      line: 'red',
      because: 'no escape codes, one line',
    },
  ])('$event.type: $because', ({ event, line }) => {
    const expected = line === undefined ? [] : [`2026-11-21T12:00:00Z  ${line}\n`];
    expect(linesFor([[0, event]])).toEqual(expected);
  });

  test('progress of one stage is throttled', () => {
    const lines = linesFor([
      [0, progress('a')],
      [10, progress('b')],
      [PROGRESS_INTERVAL_MS - 1, progress('c')],
      [PROGRESS_INTERVAL_MS, progress('d')],
    ]);
    expect(lines.map((line) => line.trim().at(-1))).toEqual(['a', 'd']);
  });

  test('--verbose shows every line and every call', () => {
    const lines = linesFor(
      [
        [0, progress('a')],
        [1, progress('b')],
        [2, { type: 'command', commandLine: 'qemu -x' }],
      ],
      true,
    );
    expect(lines).toHaveLength(3);
    expect(lines[2]).toContain('$ qemu -x');
  });
});
