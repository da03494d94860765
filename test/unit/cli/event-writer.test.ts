import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { openEventWriter } from '../../../src/cli/event-writer.ts';

const directory = mkdtempSync(join(tmpdir(), 'mintmark-events-'));
afterAll(() => rmSync(directory, { recursive: true }));

const now = (): Date => new Date('2026-11-21T12:00:00.500Z');

describe('the event file', () => {
  test('holds one JSON line per event as soon as it happened, and the end', async () => {
    const path = join(directory, 'events.jsonl');
    const writer = openEventWriter(path, now);
    writer.emit({ type: 'notice', text: 'a\nb' });
    expect(readFileSync(path, 'utf8')).toBe(
      '{"time":"2026-11-21T12:00:00.500Z","type":"notice","text":"a\\nb"}\n',
    );
    await writer.close('finished');
    expect(readFileSync(path, 'utf8').trim().split('\n').at(-1)).toBe(
      '{"time":"2026-11-21T12:00:00.500Z","type":"end","result":"finished"}',
    );
  });

  test('a file that cannot be written is a failure before anything starts', () => {
    const path = join(directory, 'no', 'such', 'file');
    expect(() => openEventWriter(path, now)).toThrow(
      expect.objectContaining({
        kind: 'host',
        code: 'E_EVENTS_FILE',
        message: `--events: cannot write ${path}`,
      }),
    );
  });

  test('a full disk does not end the build that is being watched', async () => {
    const writer = openEventWriter('/dev/full', now);
    expect(() => writer.emit({ type: 'notice', text: 'x' })).not.toThrow();
    await writer.close('failed');
  });
});
