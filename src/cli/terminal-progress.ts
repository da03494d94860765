import type { WorkflowEvent } from '../workflows/events.ts';
import type { ProgressRenderer } from './progress-renderer.ts';
import type { StageListOptions } from './terminal-renderer.ts';
import { withoutControlCharacters } from './text-layout.ts';

/**
 * Progress on a terminal: a header line, then one list of stages per build. The drawing library is
 * loaded when the first list begins, so that commands without stages start at once.
 */
export function createTerminalProgress(options: StageListOptions): ProgressRenderer {
  // Events wait in this chain while the library loads or an earlier list is being finished.
  let queue: Promise<void> = Promise.resolve();
  let busy = 0;
  let list: ProgressRenderer | undefined;
  const enqueue = (work: () => Promise<void>): void => {
    busy += 1;
    queue = queue.then(work).finally(() => {
      busy -= 1;
    });
  };
  const deliver = async (event: WorkflowEvent): Promise<void> => {
    if (event.type === 'stages') {
      await list?.close('finished');
      const { startStageList } = await import('./terminal-renderer.ts');
      list = await startStageList(event, options);
    } else if (list) list.emit(event);
    else writeLine(event, options);
  };
  return {
    emit: (event) => {
      if (busy === 0 && event.type !== 'stages' && list) list.emit(event);
      else if (busy === 0 && event.type !== 'stages') writeLine(event, options);
      else enqueue(() => deliver(event));
    },
    close: async (end) => {
      await queue;
      await list?.close(end);
    },
  };
}

/** Events that come before the first list of stages. */
function writeLine(event: WorkflowEvent, { stream, layout }: StageListOptions): void {
  if (event.type === 'header') stream.write(`${withoutControlCharacters(event.text)}\n\n`);
  if (event.type === 'notice') stream.write(`${withoutControlCharacters(event.text)}\n`);
  if (event.type === 'warning') {
    stream.write(`${layout.style.yellow('!')} ${withoutControlCharacters(event.text)}\n`);
  }
}
