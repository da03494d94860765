import { renderDuration } from '../values/duration.ts';
import type { StageName, WorkflowEvent } from '../workflows/events.ts';
import type { ProgressRenderer, WriteText } from './progress-renderer.ts';
import { withoutControlCharacters } from './text-layout.ts';

/** Shortest time between two progress lines of one stage, in milliseconds: a CI log stays readable. */
export const PROGRESS_INTERVAL_MS = 10_000;

/** How plain progress is written. */
export interface PlainRendererOptions {
  readonly write: WriteText;
  readonly now: () => Date;
  /** Every progress line and every program call. */
  readonly verbose: boolean;
}

/** Progress as timestamped lines without escape codes, for logs and pipes. */
export function createPlainRenderer(options: PlainRendererOptions): ProgressRenderer {
  const lastProgressMs = new Map<StageName, number>();
  const isDue = (event: WorkflowEvent, now: Date): boolean => {
    if (event.type !== 'stage-progress' || options.verbose) return true;
    const last = lastProgressMs.get(event.stage) ?? Number.NEGATIVE_INFINITY;
    if (now.getTime() - last < PROGRESS_INTERVAL_MS) return false;
    lastProgressMs.set(event.stage, now.getTime());
    return true;
  };
  return {
    emit: (event) => {
      const now = options.now();
      const text = plainText(event, options.verbose);
      if (text === undefined || !isDue(event, now)) return;
      options.write(`${timestamp(now)}  ${withoutControlCharacters(text)}\n`);
    },
    close: () => Promise.resolve(),
  };
}

/** An event as one line; undefined for those that plain output leaves out. */
export function plainText(event: WorkflowEvent, verbose: boolean): string | undefined {
  switch (event.type) {
    case 'header':
    case 'notice':
      return event.text;
    case 'warning':
      return `warning: ${event.text}`;
    case 'stages':
      return undefined;
    case 'stage-started':
      return `${label(event.stage)} ${event.detail ?? 'started'}`;
    case 'stage-progress':
      return `${label(event.stage)} ${event.detail}${renderPercent(event.percent)}`;
    case 'stage-finished':
      return `${label(event.stage)} done in ${renderDuration(event.durationMs)}: ${event.summary}`;
    case 'stage-skipped':
      return `${label(event.stage)} skipped: ${event.reason}`;
    case 'stage-failed':
      return `${label(event.stage)} failed after ${renderDuration(event.durationMs)}: ${event.message}`;
    default:
      return verbose ? `$ ${event.commandLine}` : undefined;
  }
}

/** ` 42 %`, or nothing. */
export function renderPercent(percent: number | undefined): string {
  return percent === undefined ? '' : ` ${Math.floor(percent)} %`;
}

function label(stage: StageName): string {
  return stage.padEnd(9);
}

/** RFC 3339 in UTC, to the second. */
function timestamp(instant: Date): string {
  return `${instant.toISOString().slice(0, 19)}Z`;
}
