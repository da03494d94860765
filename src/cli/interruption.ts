import { setMaxListeners } from 'node:events';
import { Failure } from '../errors/failure.ts';

/** Signals that ask us to stop. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * A second signal within this time counts as the first one's echo, in milliseconds: on Ctrl-C the
 * terminal signals the whole process group, and npm forwards its own copy to us as well.
 */
export const ECHO_MS = 1000;

/** The part of `process` that this needs. */
export interface SignalSource {
  readonly on: (name: NodeJS.Signals, listener: (name: NodeJS.Signals) => void) => unknown;
  readonly removeListener: (name: NodeJS.Signals, listener: (name: NodeJS.Signals) => void) => unknown;
}

/** What to do when signals come. */
export interface InterruptionHandlers {
  /** After the abort; for telling the person that cleanup has begun. */
  readonly onFirst: (signal: string) => void;
  /** The person does not want to wait any longer. */
  readonly onAgain: () => void;
  readonly nowMs: () => number;
}

/** An abort signal fed by SIGINT, SIGTERM and SIGHUP. */
export interface Interruption {
  readonly signal: AbortSignal;
  readonly stopListening: () => void;
}

/** Turns the first signal into an abort with `E_INTERRUPTED`, and later ones into {@link InterruptionHandlers.onAgain}. */
export function listenForSignals(source: SignalSource, handlers: InterruptionHandlers): Interruption {
  const controller = new AbortController();
  // Every program that runs listens, and a build runs many at once.
  setMaxListeners(0, controller.signal);
  let firstMs: number | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    const nowMs = handlers.nowMs();
    if (firstMs === undefined) {
      firstMs = nowMs;
      controller.abort(interruptedBy(name));
      handlers.onFirst(name);
    } else if (nowMs - firstMs >= ECHO_MS) handlers.onAgain();
  };
  for (const name of SIGNALS) source.on(name, onSignal);
  const stopListening = (): void => {
    for (const name of SIGNALS) source.removeListener(name, onSignal);
  };
  return { signal: controller.signal, stopListening };
}

/**
 * What an interrupted run reports: an interruption, whatever error the abort surfaced as. The first
 * error stays as the cause, unless it is only the abort itself.
 */
export function interruptedFailure(signal: AbortSignal, error: unknown): Failure {
  if (error instanceof Failure && error.kind === 'interrupted') return error;
  const reason: unknown = signal.reason;
  if (error === reason || !(reason instanceof Failure)) return interruptedBy('a signal');
  const evidence = error instanceof Failure ? error.evidence : {};
  return new Failure('interrupted', reason.code, reason.message, { evidence, cause: error });
}

function interruptedBy(name: string): Failure {
  return new Failure('interrupted', 'E_INTERRUPTED', `interrupted by ${name}`);
}
