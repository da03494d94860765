import type { EmitEvent } from '../workflows/events.ts';

/** How a command ended, as far as progress is concerned. */
export type ProgressEnd = 'finished' | 'failed' | 'interrupted';

/** Shows or records workflow events as they happen. */
export interface ProgressRenderer {
  readonly emit: EmitEvent;
  /** Called once, after the last event; what it shows is complete when the promise settles. */
  readonly close: (end: ProgressEnd) => Promise<void>;
}

/** Writes a piece of text to where people or programs read it. */
export type WriteText = (text: string) => void;

/** One renderer that feeds several. */
export function combineRenderers(renderers: readonly ProgressRenderer[]): ProgressRenderer {
  return {
    emit: (event) => {
      for (const renderer of renderers) renderer.emit(event);
    },
    close: async (end) => {
      for (const renderer of renderers) await renderer.close(end);
    },
  };
}

/** Shows warnings only; for `--quiet`. */
export function createQuietRenderer(write: WriteText): ProgressRenderer {
  return {
    emit: (event) => {
      if (event.type === 'warning') write(`warning: ${event.text}\n`);
    },
    close: () => Promise.resolve(),
  };
}
