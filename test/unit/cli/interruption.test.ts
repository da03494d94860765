import { EventEmitter } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/errors/failure.ts';
import { ECHO_MS, interruptedFailure, listenForSignals } from '../../../src/cli/interruption.ts';

/** Signals that arrive at the given times, and what was done about them. */
function afterSignals(...signals: readonly (readonly [number, NodeJS.Signals])[]) {
  let nowMs = 0;
  const done: string[] = [];
  const source = new EventEmitter();
  const interruption = listenForSignals(source, {
    nowMs: () => nowMs,
    onFirst: (name) => done.push(`first ${name}`),
    onAgain: () => done.push('again'),
  });
  for (const [atMs, name] of signals) {
    nowMs = atMs;
    source.emit(name, name);
  }
  return { ...interruption, done, source };
}

describe('signals', () => {
  test.each<{ signals: [number, NodeJS.Signals][]; done: string[]; because: string }>([
    { signals: [], done: [], because: 'nothing happened' },
    { signals: [[5, 'SIGINT']], done: ['first SIGINT'], because: 'the first asks for cleanup' },
    { signals: [[5, 'SIGTERM']], done: ['first SIGTERM'], because: 'so do other requests to stop' },
    {
      signals: [
        [5, 'SIGINT'],
        [5 + ECHO_MS - 1, 'SIGINT'],
      ],
      done: ['first SIGINT'],
      because: 'npm forwards a copy of what the terminal sent already',
    },
    {
      signals: [
        [5, 'SIGINT'],
        [5 + ECHO_MS, 'SIGTERM'],
      ],
      done: ['first SIGINT', 'again'],
      because: 'a later one is a person who insists',
    },
  ])('$because', ({ signals, done }) => {
    const result = afterSignals(...signals);
    expect(result.done).toEqual(done);
    expect(result.signal.aborted).toBe(signals.length > 0);
  });

  test('listens no longer than asked', () => {
    const { source, stopListening } = afterSignals();
    stopListening();
    expect(source.eventNames()).toEqual([]);
  });

  test('any error after a signal is an interruption, with the first error as its reason', () => {
    const { signal } = afterSignals([0, 'SIGINT']);
    const error = new Failure('command', 'E_X', 'packer failed', { evidence: { burnt: 3 } });
    expect(interruptedFailure(signal, error)).toMatchObject({
      kind: 'interrupted',
      message: 'interrupted by SIGINT',
      cause: error,
      evidence: { burnt: 3 },
    });
  });

  test('a bare abort has no further reason', () => {
    const { signal } = afterSignals([0, 'SIGTERM']);
    expect(interruptedFailure(signal, signal.reason)).toBe(signal.reason);
  });

  test('what the interrupted work says stays as the reason, with its hint', () => {
    const { signal } = afterSignals([0, 'SIGINT']);
    const error = new Failure('interrupted', 'E_INTERRUPTED', 'qemu was interrupted', { hint: '--resume' });
    expect(interruptedFailure(signal, error)).toMatchObject({
      message: 'interrupted by SIGINT',
      hint: '--resume',
      cause: error,
    });
  });
});
