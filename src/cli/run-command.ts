import { homedir } from 'node:os';
import { systemClock } from '../host/clock.ts';
import type { ConsoleTerminal } from '../host/console-bridge.ts';
import type { Runner } from '../host/run.ts';
import type { WorkflowContext } from '../workflows/build-request.ts';
import type { EmitEvent } from '../workflows/events.ts';
import { announceCommands } from './announce-commands.ts';
import type { Command, CommandInput, CommandOutcome } from './command.ts';
import { defaultCatalogue, defaultDirectories } from './directories.ts';
import type { GlobalValues } from './global-options.ts';
import { interruptedFailure, listenForSignals, type SignalSource } from './interruption.ts';
import type { OptionTable } from './option.ts';
import { createProgress } from './progress.ts';
import type { ProgressEnd } from './progress-renderer.ts';
import { layoutOf } from './stream-layout.ts';

/** The process as the command line sees it. */
export interface CliProcess extends SignalSource {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  readonly cwd: () => string;
  /** Ends the process without waiting for cleanup that was asked for: the person insists. */
  readonly endAtOnce: () => void;
}

/**
 * Runs a command with its progress shown and signals turned into an abort.
 *
 * Raises what the command raises, and `E_INTERRUPTED` for whatever it raises after a signal.
 */
export async function runCommand(
  command: Command,
  input: CommandInput<OptionTable>,
  globals: GlobalValues,
  host: CliProcess,
): Promise<CommandOutcome> {
  const layout = layoutOf(host.stdout, globals['no-color'], host.env);
  const summaryLayout = layoutOf(host.stderr, globals['no-color'], host.env);
  const target = { stream: host.stderr, layout: summaryLayout, now: systemClock.now, environment: host.env };
  const progress = createProgress(globals, target);
  const { signal, stopListening } = listenForSignals(host, {
    nowMs: () => performance.now(),
    onFirst: () => progress.emit({ type: 'notice', text: 'stopping and cleaning up; again ends at once' }),
    onAgain: host.endAtOnce,
  });
  let end: ProgressEnd = 'failed';
  try {
    const workflow = createWorkflowContext(host, progress.emit, signal);
    const catalogue = defaultCatalogue(host.env, host.cwd());
    const openTerminal = (): ConsoleTerminal | undefined => terminalOf(host, globals);
    const outcome = await command.run(input, { workflow, catalogue, layout, summaryLayout, openTerminal });
    if (outcome.failure === undefined) end = 'finished';
    return outcome;
  } catch (error) {
    if (!signal.aborted) throw error;
    end = 'interrupted';
    throw interruptedFailure(signal, error);
  } finally {
    await progress.close(end);
    stopListening();
  }
}

function terminalOf({ stdin, stdout }: CliProcess, { json }: GlobalValues): ConsoleTerminal | undefined {
  return stdin.isTTY && stdout.isTTY && !json ? { input: stdin, output: stdout } : undefined;
}

/** Loads the process library at the first call: commands that run no program do without. */
const runWhenNeeded: Runner = async (spec, options) => {
  const { run } = await import('../host/run.ts');
  return run(spec, options);
};

function createWorkflowContext(host: CliProcess, emit: EmitEvent, signal: AbortSignal): WorkflowContext {
  return {
    emit,
    signal,
    clock: systemClock,
    run: announceCommands(runWhenNeeded, emit),
    directories: defaultDirectories(host.env, homedir(), host.cwd()),
    environment: host.env,
  };
}
