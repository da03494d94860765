import {
  DefaultRenderer,
  Listr,
  ListrDefaultRendererLogLevels as Level,
  ListrLogger,
  ProcessOutput,
  type ListrTask,
} from 'listr2';
import type { StageName, WorkflowEvent } from '../workflows/events.ts';
import type { ProgressEnd, ProgressRenderer } from './progress-renderer.ts';
import {
  applyStageEvent,
  isSettled,
  openStageBoard,
  renderStageLine,
  stageStateOf,
  type StageBoard,
} from './stage-board.ts';
import { withoutControlCharacters, type TextLayout } from './text-layout.ts';

/** What a stage list is drawn on. */
export interface StageListOptions {
  /** The terminal; listr2 takes it over until the list is closed. */
  readonly stream: NodeJS.WriteStream;
  readonly layout: TextLayout;
  readonly nowMs: () => number;
}

/** Time between two updates of the elapsed times, in milliseconds. */
const TICK_MS = 200;

/** Columns that the indent and the mark before each stage take, and listr2's own right margin. */
const MARGIN = 6;

/** The escape sequence that brings the cursor back (DECTCEM). */
const SHOW_CURSOR = '\x1b[?25h';

/** listr2 asks stdout whether it may draw; we draw on stderr, which the caller has checked. */
class StageRenderer extends DefaultRenderer {
  static override nonTTY = true;
}

/** Shows the stages of one build in place, each with its mark, detail and time; resolves once it is drawn. */
export async function startStageList(
  first: Extract<WorkflowEvent, { type: 'stages' }>,
  options: StageListOptions,
): Promise<ProgressRenderer> {
  let board = openStageBoard(first);
  const waiting = new Map<StageName, () => void>();
  // listr2 loses what is said to a task before its first drawing.
  let isDrawn: (() => void) | undefined;
  const drawn = new Promise<void>((resolve) => {
    isDrawn = resolve;
  });
  const list = createList(first.stages, { waiting, board: () => board, onStart: () => isDrawn?.() }, options);
  const redraw = (): void => showTitles(list, board, options);
  const ticker = setInterval(redraw, TICK_MS);
  const showCursor = (): void => void options.stream.write(SHOW_CURSOR);
  process.once('exit', showCursor);
  // Failed stages make the list end early; the workflow's own failure is what gets reported.
  const ended = list.run().then(undefined, () => undefined);
  await Promise.race([drawn, ended]);
  const follow = (event: WorkflowEvent): void => {
    board = applyStageEvent(board, event, options.nowMs());
    redraw();
    if ('stage' in event && isSettled(stageStateOf(board, event.stage))) waiting.get(event.stage)?.();
  };
  return {
    emit: (event) => {
      const remark = remarkOf(event);
      if (remark === undefined) follow(event);
      else addRemark(list, board, remark);
    },
    close: async (end) => {
      for (const event of closingEvents(board, end, options.nowMs())) follow(event);
      await ended;
      clearInterval(ticker);
      process.removeListener('exit', showCursor);
    },
  };
}

/** What the tasks of a list share with the events that drive them. */
interface StageDrive {
  /** Filled by the tasks: what ends each of them. */
  readonly waiting: Map<StageName, () => void>;
  readonly board: () => StageBoard;
  readonly onStart: () => void;
}

function createList(
  stages: readonly StageName[],
  { waiting, board, onStart }: StageDrive,
  options: StageListOptions,
) {
  const tasks = stages.map((stage): ListrTask<unknown, typeof StageRenderer> => {
    const settled = new Promise<void>((resolve) => waiting.set(stage, resolve));
    return {
      title: titleOf(board(), stage, options),
      rendererOptions: { persistentOutput: true, outputBar: Number.POSITIVE_INFINITY },
      task: async (_context, task) => {
        onStart();
        await settled;
        const state = stageStateOf(board(), stage);
        if (state.status === 'skipped') task.skip();
        if (state.status === 'failed') throw new Error(state.message);
      },
    };
  });
  return new Listr(tasks, {
    renderer: StageRenderer,
    registerSignalListeners: false,
    rendererOptions: {
      collapseSkips: false,
      showSkipMessage: false,
      showErrorMessage: false,
      // Both streams of listr2 are the terminal: stdout belongs to the result.
      logger: new ListrLogger<Level>({ processOutput: new ProcessOutput(options.stream, options.stream) }),
      ...marks(options.layout),
    },
  });
}

type StageList = ReturnType<typeof createList>;

const plain = (text?: string): string => text ?? '';

function marks({ style }: TextLayout) {
  const green = (text?: string): string => style.green(text ?? '');
  const red = (text?: string): string => style.red(text ?? '');
  const yellow = (text?: string): string => style.yellow(text ?? '');
  return {
    icon: {
      [Level.COMPLETED]: '✔',
      [Level.FAILED]: '✖',
      [Level.SKIPPED_WITHOUT_COLLAPSE]: '–',
      [Level.WAITING]: ' ',
      [Level.COMPLETED_WITH_FAILED_SISTER_TASKS]: ' ',
      // Remarks bring their own mark.
      [Level.OUTPUT]: '',
      [Level.SKIPPED_WITH_COLLAPSE]: '',
    },
    color: {
      [Level.COMPLETED]: green,
      [Level.FAILED]: red,
      [Level.PENDING]: yellow,
      [Level.SKIPPED_WITHOUT_COLLAPSE]: plain,
      [Level.WAITING]: plain,
      [Level.COMPLETED_WITH_FAILED_SISTER_TASKS]: plain,
    },
  };
}

function showTitles(list: StageList, board: StageBoard, options: StageListOptions): void {
  for (const [index, stage] of board.stages.entries()) {
    const task = list.tasks[index];
    const title = titleOf(board, stage, options);
    if (task && task.title !== title) task.title$ = title;
  }
}

function titleOf(board: StageBoard, stage: StageName, options: StageListOptions): string {
  // listr2 wraps at the width of stdout, or 80 when that is not a terminal.
  const width = Math.min(options.layout.width, process.stdout.columns ?? 80) - MARGIN;
  return renderStageLine(board, stage, options.nowMs(), { ...options.layout, width });
}

function remarkOf(event: WorkflowEvent): string | undefined {
  if (event.type === 'warning') return `! ${withoutControlCharacters(event.text)}`;
  const isRemark = event.type === 'notice' || event.type === 'header';
  return isRemark ? withoutControlCharacters(event.text) : undefined;
}

/** Puts a line below the stage that is running, where it stays. */
function addRemark(list: StageList, board: StageBoard, text: string): void {
  const running = board.stages.findIndex((stage) => stageStateOf(board, stage).status === 'running');
  const lastSettled = board.stages.findLastIndex((stage) => isSettled(stageStateOf(board, stage)));
  const task = list.tasks[running >= 0 ? running : Math.max(0, lastSettled)];
  if (task) task.output$ = text;
}

/** Events that settle what a workflow left open, so that the list can end. */
function closingEvents(board: StageBoard, end: ProgressEnd, nowMs: number): WorkflowEvent[] {
  const open = board.stages.filter((stage) => !isSettled(stageStateOf(board, stage)));
  return open.map((stage): WorkflowEvent => {
    const state = stageStateOf(board, stage);
    if (state.status !== 'running' || end === 'finished') {
      return { type: 'stage-skipped', stage, reason: end === 'finished' ? 'not needed' : '' };
    }
    const message = end === 'interrupted' ? 'interrupted' : 'stopped';
    return { type: 'stage-failed', stage, message, durationMs: nowMs - state.startedAtMs };
  });
}
