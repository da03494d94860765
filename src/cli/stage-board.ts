import { renderDuration } from '../values/duration.ts';
import type { StageName, WorkflowEvent } from '../workflows/events.ts';
import { renderPercent } from './plain-renderer.ts';
import {
  alignRight,
  truncate,
  visibleLength,
  withoutControlCharacters,
  type TextLayout,
} from './text-layout.ts';

/** Where one stage stands. */
export type StageState =
  | { readonly status: 'pending' }
  | { readonly status: 'running'; readonly startedAtMs: number; readonly detail: string }
  | { readonly status: 'finished'; readonly summary: string; readonly durationMs: number }
  | { readonly status: 'failed'; readonly message: string; readonly durationMs: number }
  | { readonly status: 'skipped'; readonly reason: string };

/** What a terminal shows of a build: every stage, in order, and how it stands. */
export interface StageBoard {
  readonly stages: readonly StageName[];
  readonly expectedMs: Readonly<Partial<Record<StageName, number>>>;
  readonly states: Readonly<Partial<Record<StageName, StageState>>>;
}

/** A board on which nothing has begun. */
export function openStageBoard(event: Extract<WorkflowEvent, { type: 'stages' }>): StageBoard {
  return { stages: event.stages, expectedMs: event.expectedMs ?? {}, states: {} };
}

/** State of a stage; `pending` until an event says otherwise. */
export function stageStateOf(board: StageBoard, stage: StageName): StageState {
  return board.states[stage] ?? { status: 'pending' };
}

/** The board after an event; a settled stage stays as it is. Times are the reader's own, in milliseconds. */
export function applyStageEvent(board: StageBoard, event: WorkflowEvent, nowMs: number): StageBoard {
  if (!('stage' in event) || isSettled(stageStateOf(board, event.stage))) return board;
  const state = nextState(stageStateOf(board, event.stage), event, nowMs);
  return { ...board, states: { ...board.states, [event.stage]: state } };
}

/** Whether nothing more will be said about a stage. */
export function isSettled(state: StageState): boolean {
  return state.status !== 'pending' && state.status !== 'running';
}

/** One stage as a line: name, what it does or did, and at the right its time. */
export function renderStageLine(
  board: StageBoard,
  stage: StageName,
  nowMs: number,
  layout: TextLayout,
): string {
  const { style, width } = layout;
  const state = stageStateOf(board, stage);
  const name = stage.padEnd(10);
  switch (state.status) {
    case 'pending':
      return style.dim(name.trimEnd());
    case 'skipped':
      return style.dim(fit(name, state.reason, '', width));
    case 'finished':
      return fit(name, state.summary, style.dim(renderDuration(state.durationMs)), width);
    case 'failed':
      return fit(name, state.message, style.dim(renderDuration(state.durationMs)), width, style.red);
    default:
      return fit(
        name,
        state.detail,
        style.dim(renderElapsed(nowMs - state.startedAtMs, board.expectedMs[stage])),
        width,
      );
  }
}

/** `12 s`, or `12 s of about 38 s` when an earlier run tells. */
export function renderElapsed(elapsedMs: number, expectedMs: number | undefined): string {
  const elapsed = renderDuration(Math.max(0, elapsedMs));
  return expectedMs === undefined ? elapsed : `${elapsed} of about ${renderDuration(expectedMs)}`;
}

type StageEvent = Extract<WorkflowEvent, { readonly stage: StageName }>;

function nextState(state: StageState, event: StageEvent, nowMs: number): StageState {
  switch (event.type) {
    case 'stage-started':
      return { status: 'running', startedAtMs: nowMs, detail: event.detail ?? '' };
    case 'stage-progress': {
      const startedAtMs = state.status === 'running' ? state.startedAtMs : nowMs;
      return { status: 'running', startedAtMs, detail: event.detail + renderPercent(event.percent) };
    }
    case 'stage-finished':
      return { status: 'finished', summary: event.summary, durationMs: event.durationMs };
    case 'stage-skipped':
      return { status: 'skipped', reason: event.reason };
    default:
      return { status: 'failed', message: event.message, durationMs: event.durationMs };
  }
}

function fit(
  name: string,
  text: string,
  right: string,
  width: number,
  paint: (text: string) => string = (plain) => plain,
): string {
  const room = width - visibleLength(name) - visibleLength(right) - 4;
  const middle = paint(truncate(withoutControlCharacters(text), room));
  return right === '' ? `${name}  ${middle}` : alignRight(`${name}  ${middle}`, right, width);
}
