import { closeSync, openSync, writeSync } from 'node:fs';
import { Failure } from '../errors/failure.ts';
import type { ProgressRenderer } from './progress-renderer.ts';

/**
 * Writes every event as a JSON line with its `time`, then `{"type":"end","result":…}`. Each line is
 * on its way before the next event, so that a killed run leaves all it saw.
 *
 * Raises `E_EVENTS_FILE` when the file cannot be opened.
 */
export function openEventWriter(path: string, now: () => Date): ProgressRenderer {
  const descriptor = openForWriting(path);
  let broken = false;
  const write = (record: object): void => {
    if (broken) return;
    try {
      writeSync(descriptor, `${JSON.stringify({ time: now().toISOString(), ...record })}\n`);
    } catch {
      // A full disk or a reader that went away must not end the build that is being watched.
      broken = true;
    }
  };
  return {
    emit: write,
    close: (end) => {
      write({ type: 'end', result: end });
      closeSync(descriptor);
      return Promise.resolve();
    },
  };
}

function openForWriting(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure('host', 'E_EVENTS_FILE', `--events: cannot write ${path}`, {
      hint: 'name a file in a directory that exists and can be written',
      details: [reason],
      evidence: { path },
      cause: error,
    });
  }
}
