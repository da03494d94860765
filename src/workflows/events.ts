/** The stages of a build, in order; a newcomer reads the pipeline here. */
export const STAGES = ['plan', 'base', 'packer', 'finish', 'convert', 'test', 'stamp', 'catalogue'] as const;

/** Name of a pipeline stage. */
export type StageName = (typeof STAGES)[number];

/**
 * What a workflow tells whoever listens. Workflows never print: terminals, logs, `--events` files
 * and tests all read this one stream.
 */
export type WorkflowEvent =
  | { readonly type: 'header'; readonly text: string }
  | {
      readonly type: 'stages';
      readonly stages: readonly StageName[];
      readonly expectedMs?: Readonly<Partial<Record<StageName, number>>>;
    }
  | { readonly type: 'stage-started'; readonly stage: StageName; readonly detail?: string }
  | {
      readonly type: 'stage-progress';
      readonly stage: StageName;
      readonly detail: string;
      readonly percent?: number;
    }
  | {
      readonly type: 'stage-finished';
      readonly stage: StageName;
      readonly summary: string;
      readonly durationMs: number;
    }
  | { readonly type: 'stage-skipped'; readonly stage: StageName; readonly reason: string }
  | {
      readonly type: 'stage-failed';
      readonly stage: StageName;
      readonly message: string;
      readonly durationMs: number;
    }
  | { readonly type: 'notice'; readonly text: string }
  | { readonly type: 'warning'; readonly text: string }
  | { readonly type: 'command'; readonly commandLine: string };

/** Receives events as they happen; must not throw. */
export type EmitEvent = (event: WorkflowEvent) => void;
