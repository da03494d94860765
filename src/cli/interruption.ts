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
 * What an interrupted run reports: the signal, whatever error the abort surfaced as. That error stays as
 * the reason, with its hint, details and evidence.
 */
export function interruptedFailure(signal: AbortSignal, error: unknown): Failure {
  const reason: unknown = signal.reason;
  if (error === reason && error instanceof Failure) return error;
  const message = reason instanceof Failure ? reason.message : 'interrupted';
  if (!(error instanceof Failure)) {
    return new Failure('interrupted', 'E_INTERRUPTED', message, { cause: error });
  }
  const { hint, facts, details, evidence } = error;
  const options = { facts, details, evidence, cause: error, ...(hint === undefined ? {} : { hint }) };
  return new Failure('interrupted', 'E_INTERRUPTED', message, options);
}

function interruptedBy(name: string): Failure {
  return new Failure('interrupted', 'E_INTERRUPTED', `interrupted by ${name}`);
}
