import { openEventWriter } from './event-writer.ts';
import type { GlobalValues } from './global-options.ts';
import { createPlainRenderer } from './plain-renderer.ts';
import { combineRenderers, createQuietRenderer, type ProgressRenderer } from './progress-renderer.ts';
import { createTerminalProgress } from './terminal-progress.ts';
import type { TextLayout } from './text-layout.ts';

/** Where progress goes. */
export interface ProgressTarget {
  readonly stream: NodeJS.WriteStream;
  readonly layout: TextLayout;
  readonly now: () => Date;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The renderers that the global options ask for. A terminal gets the live list; pipes, `--verbose`
 * and dumb terminals get plain lines; `--events` adds its file.
 *
 * Raises `E_EVENTS_FILE`.
 */
export function createProgress(globals: GlobalValues, target: ProgressTarget): ProgressRenderer {
  const people = rendererForPeople(globals, target);
  return globals.events === undefined
    ? people
    : combineRenderers([people, openEventWriter(globals.events, target.now)]);
}

function rendererForPeople(globals: GlobalValues, target: ProgressTarget): ProgressRenderer {
  const { stream, layout, now } = target;
  const write = (text: string): void => void stream.write(text);
  if (globals.quiet) return createQuietRenderer(write);
  if (!globals.verbose && canDraw(stream) && target.environment['TERM'] !== 'dumb') {
    return createTerminalProgress({ stream, layout, nowMs: () => performance.now() });
  }
  return createPlainRenderer({ write, now, verbose: globals.verbose });
}

/** A terminal that knows its size; pseudo-terminals of CI systems often report 0 by 0. */
function canDraw({ isTTY, rows, columns }: NodeJS.WriteStream): boolean {
  return isTTY && rows > 0 && columns > 0;
}
