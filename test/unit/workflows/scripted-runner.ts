import { Failure } from '../../../src/errors/failure.ts';
import { withoutDeathWatch } from '../../../src/host/die-with-parent.ts';
import type { Pace } from '../../../src/host/clock.ts';
import type { Runner, RunOptions } from '../../../src/host/run.ts';
import type { CommandSpec } from '../../../src/values/command-spec.ts';
import type { WorkflowContext } from '../../../src/workflows/build-request.ts';
import type { WorkflowEvent } from '../../../src/workflows/events.ts';

/** What stands for a program: gives its standard output, or throws what the real runner would. */
export type ScriptedProgram = (
  spec: CommandSpec,
  options: RunOptions,
) => string | undefined | Promise<string | undefined>;

/** Programs by the words that their command line begins with. */
export type Script = Readonly<Record<string, ScriptedProgram>>;

/** A runner that runs nothing. A command that the script does not know fails the test; {@link calls} lists the others. */
export interface ScriptedRunner {
  readonly run: Runner;
  /** Keys of the script, in the order in which they were called for. */
  readonly calls: string[];
}

/** Makes a runner out of a script; what is wrapped to die with us is matched by what is inside. */
export function scriptedRunner(script: Script): ScriptedRunner {
  const calls: string[] = [];
  const run: Runner = async (spec, options = {}) => {
    if (options.signal?.aborted === true) {
      throw new Failure('interrupted', 'E_INTERRUPTED', `${spec.command} was interrupted`);
    }
    const program = withoutDeathWatch(spec);
    const line = [program.command, ...program.args].join(' ');
    const key = Object.keys(script).find((words) => line === words || line.startsWith(`${words} `));
    if (key === undefined) throw new Error(`unscripted command: ${line}`);
    calls.push(key);
    const stdout = (await script[key]?.(program, options)) ?? '';
    for (const text of stdout.split('\n')) options.onLine?.(text, 'stdout');
    return { stdout, stderr: '', exitCode: 0, durationMs: 1 };
  };
  return { run, calls };
}

/** The failure of a program as the real runner reports it. */
export function programFailed(command: string, status: number, lines: readonly string[] = []): Failure {
  return new Failure('command', 'E_COMMAND_FAILED', `${command} failed with exit code ${status}`, {
    details: [`command  ${command}`, ...lines],
    evidence: { status },
  });
}

/** A pace at which waiting takes no time; {@link Pace.nowMs} counts what was waited for. */
export function virtualPace(): Pace & { readonly sleeps: number[] } {
  const sleeps: number[] = [];
  return {
    sleeps,
    nowMs: () => sleeps.reduce((sum, ms) => sum + ms, 0),
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      sleeps.push(ms);
    },
  };
}

/** A workflow context around a script, and what was told meanwhile. */
export function scriptedContext(
  directory: string,
  script: Script,
  more: Partial<WorkflowContext> = {},
): { context: WorkflowContext; calls: string[]; events: WorkflowEvent[] } {
  const { run, calls } = scriptedRunner(script);
  const events: WorkflowEvent[] = [];
  const context: WorkflowContext = {
    emit: (event) => events.push(event),
    signal: new AbortController().signal,
    clock: { now: () => new Date('2026-11-21T07:00:00Z') },
    pace: virtualPace(),
    run,
    directories: { cache: `${directory}/cache`, state: `${directory}/state` },
    environment: {},
    ...more,
  };
  return { context, calls, events };
}
