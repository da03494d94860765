import { Failure } from '../errors/failure.ts';
import type { SecretFilter } from '../host/secrets.ts';
import type { EmitEvent, StageName } from './events.ts';
import type { RunDirectory, StageRecord } from './run-directory.ts';

/** One stage of a pipeline: what it does, how it is told afterwards, and how an earlier run's output is taken over. */
export interface Stage<Output> {
  readonly name: StageName;
  /** Does the work. */
  readonly run: (progress: (detail: string, percent?: number) => void) => Promise<Output>;
  /** One line that says what was done. */
  readonly summarize: (output: Output) => string;
  /** The facts of the output that `state.json` keeps; paths and digests, never secrets. */
  readonly record?: (output: Output) => unknown;
  /** Digest of everything that decides the output. With `restore`, the stage need not be done twice. */
  readonly input?: string;
  /** The output of an earlier run of this stage, as `record` kept it; undefined when it is not there as it was. */
  readonly restore?: (recorded: unknown) => Promise<Output | undefined>;
}

/** Runs stages in order, tells of them and writes them down; those that were done before are not done again. */
export class StageRunner {
  readonly #emit: EmitEvent;
  readonly #signal: AbortSignal;
  readonly #durations: Partial<Record<StageName, number>> = {};
  #directory: RunDirectory | undefined;
  #withoutSecrets = (text: string): string => text;
  #failed: StageName | undefined;

  constructor(emit: EmitEvent, signal: AbortSignal) {
    this.#emit = emit;
    this.#signal = signal;
  }

  /** From now on stages are written down in this run's directory, and those found done there are not done again. */
  recordIn(directory: RunDirectory, secrets: Pick<SecretFilter, 'text'>): void {
    this.#directory = directory;
    this.#withoutSecrets = secrets.text;
  }

  /** Milliseconds that each finished stage took, in this run or in the one that it goes on with. */
  get durations(): Readonly<Partial<Record<StageName, number>>> {
    return this.#durations;
  }

  /** The stage that failed. */
  get failed(): StageName | undefined {
    return this.#failed;
  }

  /** Runs one stage, or restores what it left; what it throws is thrown on after it was told and written down. */
  async run<Output>(stage: Stage<Output>): Promise<Output> {
    const startedAt = new Date().toISOString();
    const began = performance.now();
    const elapsed = (): number => Math.round(performance.now() - began);
    let output: Output;
    this.#emit({ type: 'stage-started', stage: stage.name });
    try {
      const restored = await this.#restore(stage);
      if (restored !== undefined) return restored;
      await this.#directory?.recordStage(stage.name, { status: 'running', startedAt });
      this.#signal.throwIfAborted();
      output = await stage.run((detail, percent) => this.#progress(stage.name, detail, percent));
    } catch (error) {
      this.#failed = stage.name;
      const failure = this.#signal.aborted ? interruptionOf(error) : error;
      await this.#tellFailure(stage.name, failure, { startedAt, durationMs: elapsed() });
      throw failure;
    }
    const durationMs = elapsed();
    this.#durations[stage.name] = durationMs;
    await this.#directory?.recordStage(stage.name, recordOf(stage, output, { startedAt, durationMs }));
    this.#emit({ type: 'stage-finished', stage: stage.name, summary: stage.summarize(output), durationMs });
    return output;
  }

  /** What the stage left in a run that is gone on with, if it was asked for the same and is still as it was left. */
  async #restore<Output>(stage: Stage<Output>): Promise<Output | undefined> {
    const record = this.#directory?.stage(stage.name);
    if (record?.status !== 'done' || stage.restore === undefined || stage.input === undefined)
      return undefined;
    if (record.input !== stage.input) return undefined;
    this.#progress(stage.name, 'checking what is there', undefined);
    const output = await stage.restore(record.output);
    if (output === undefined) return undefined;
    if (record.durationMs !== undefined) this.#durations[stage.name] = record.durationMs;
    const reason = `done before, and unchanged: ${stage.summarize(output)}`;
    this.#emit({ type: 'stage-skipped', stage: stage.name, reason });
    return output;
  }

  /** A full disk may be why the stage failed, so it must not matter that its record cannot be written either. */
  async #tellFailure(
    stage: StageName,
    failure: unknown,
    { startedAt, durationMs }: { readonly startedAt: string; readonly durationMs: number },
  ): Promise<void> {
    const reason = this.#withoutSecrets(failure instanceof Error ? failure.message : String(failure));
    this.#emit({ type: 'stage-failed', stage, message: reason, durationMs });
    const record = { status: 'failed' as const, startedAt, durationMs, reason };
    await this.#directory?.recordStage(stage, record).catch(() => {});
  }

  #progress(stage: StageName, text: string, percent: number | undefined): void {
    const detail = this.#withoutSecrets(text);
    this.#emit({ type: 'stage-progress', stage, detail, ...(percent === undefined ? {} : { percent }) });
  }
}

function recordOf<Output>(
  stage: Stage<Output>,
  output: Output,
  times: { readonly startedAt: string; readonly durationMs: number },
): StageRecord {
  const kept = stage.record?.(output);
  return {
    status: 'done',
    ...times,
    ...(stage.input === undefined ? {} : { input: stage.input }),
    ...(kept === undefined ? {} : { output: kept }),
  };
}

/** What an aborted signal makes of whatever the interrupted work threw. */
export function interruptionOf(cause: unknown): Failure {
  return cause instanceof Failure && cause.kind === 'interrupted'
    ? cause
    : new Failure('interrupted', 'E_INTERRUPTED', 'the build was interrupted', { cause });
}
