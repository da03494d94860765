import { describe, expect, test } from '@jest/globals';
import type { WorkflowEvent } from '../../../src/workflows/events.ts';
import {
  applyStageEvent,
  openStageBoard,
  renderElapsed,
  renderStageLine,
  stageStateOf,
} from '../../../src/cli/stage-board.ts';
import { createTextStyle, PLAIN_STYLE } from '../../../src/cli/text-style.ts';

const layout = { width: 60, style: PLAIN_STYLE };
const started: WorkflowEvent = { type: 'stage-started', stage: 'base', detail: 'resolving' };
const finished: WorkflowEvent = {
  type: 'stage-finished',
  stage: 'base',
  summary: 'fresh',
  durationMs: 41_000,
};

function boardAfter(...events: readonly WorkflowEvent[]) {
  const board = openStageBoard({ type: 'stages', stages: ['plan', 'base'], expectedMs: { base: 38_000 } });
  return events.reduce((current, event) => applyStageEvent(current, event, 1000), board);
}

describe('the stage board', () => {
  test.each<{ events: WorkflowEvent[]; line: string; because: string }>([
    { events: [], line: 'base', because: 'a stage that has not begun has nothing to say' },
    {
      events: [started],
      line: 'base        resolving                 12 s of about 38 s',
      because: 'a running one shows elapsed and expected time',
    },
    {
      events: [started, { type: 'stage-progress', stage: 'base', detail: 'unpacking', percent: 7.6 }],
      line: 'base        unpacking 7 %             12 s of about 38 s',
      because: 'the newest detail counts, the start stays',
    },
    {
      events: [started, finished],
      line: 'base        fresh                                   41 s',
      because: 'a finished one keeps its summary and time at the right',
    },
    {
      events: [{ type: 'stage-skipped', stage: 'base', reason: 'cached' }],
      line: 'base        cached',
      because: 'a skipped one says why',
    },
    {
      events: [started, finished, { type: 'stage-progress', stage: 'base', detail: 'late' }],
      line: 'base        fresh                                   41 s',
      because: 'what comes after the end is ignored',
    },
  ])('$because', ({ events, line }) => {
    expect(renderStageLine(boardAfter(...events), 'base', 13_000, { ...layout, width: 56 })).toBe(line);
  });

  test('a long detail is cut, never wrapped', () => {
    const board = boardAfter({ type: 'stage-started', stage: 'plan', detail: 'x'.repeat(200) });
    const line = renderStageLine(board, 'plan', 1000, layout);
    expect(line).toHaveLength(60);
    expect(line).toContain('…');
  });

  test('pending stages are dim', () => {
    const line = renderStageLine(boardAfter(), 'plan', 0, { width: 60, style: createTextStyle(true) });
    expect(line).toBe('\x1b[2mplan\x1b[22m');
  });

  test('escape codes in a detail do not reach the terminal', () => {
    const board = boardAfter({ type: 'stage-started', stage: 'plan', detail: '\x1b[2Jgone' });
    expect(renderStageLine(board, 'plan', 1000, layout)).not.toContain('\x1b');
  });

  test('events of other kinds change nothing', () => {
    const board = boardAfter();
    expect(applyStageEvent(board, { type: 'notice', text: 'x' }, 0)).toBe(board);
    expect(stageStateOf(board, 'plan').status).toBe('pending');
  });

  test.each([
    { expectedMs: undefined, text: '12 s', because: 'there is no earlier run' },
    { expectedMs: 221_000, text: '12 s of about 3m 41 s', because: 'an earlier run tells' },
  ])('renderElapsed: $because', ({ expectedMs, text }) => {
    expect(renderElapsed(12_000, expectedMs)).toBe(text);
  });
});
