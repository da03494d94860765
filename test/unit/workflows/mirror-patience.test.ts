import { describe, expect, test } from '@jest/globals';
import { explainAptFailure } from '../../../src/bases/apt-failures.ts';
import { askPatiently, mirrorWaitMs, type Patience } from '../../../src/workflows/mirror-patience.ts';
import { programFailed, scriptedContext, virtualPace } from './scripted-runner.ts';

const SILENT = 'E: Failed to fetch http://x/y  Connection failed [IP: 127.0.0.1 80]';
const MISSING = 'E: Failed to fetch http://x/y  404  Not Found [IP: 127.0.0.1 80]';
const WRONG = 'E: Failed to fetch http://x/y  Hash Sum mismatch';
const explained = (line: string): unknown => explainAptFailure(programFailed('apt-get', 100, [line]));

/** Asks a mirror that fails in turn with some complaints, then answers. */
async function ask(complaints: readonly string[], patience: Partial<Patience> = {}, signal?: AbortSignal) {
  const pace = virtualPace();
  const { context, events } = scriptedContext('', {}, { pace, ...(signal ? { signal } : {}) });
  let asked = 0;
  const mirror = async (): Promise<string> => {
    const complaint = complaints[asked];
    asked += 1;
    if (complaint !== undefined) throw explained(complaint);
    return 'answer';
  };
  const whole = { quietMs: 90_000, totalMs: 600_000, ...patience };
  const result = await askPatiently(mirror, whole, context, () => 0.5).catch((error: unknown) => error);
  const told = events.map((event) => ('text' in event ? event.text : event.type));
  return { result, asked, told, sleeps: pace.sleeps };
}

const always = (line: string): string[] => Array.from({ length: 1000 }, () => line);

describe('askPatiently', () => {
  test('an answer at once costs nothing', async () => {
    expect(await ask([])).toEqual({ result: 'answer', asked: 1, told: [], sleeps: [] });
  });

  test('waits longer each time, and tells each wait', async () => {
    const { result, sleeps, told } = await ask([SILENT, SILENT, SILENT, SILENT, SILENT, SILENT]);
    expect(result).toBe('answer');
    expect(sleeps).toEqual([1000, 2000, 4000, 8000, 15_000, 15_000]);
    expect(told[2]).toBe(
      'the mirror does not answer now: Connection failed; trying again in 4 s, for at most 83 s more',
    );
  });

  test('gives up when its time is over, with the last try at the very end', async () => {
    const { result, sleeps, asked } = await ask(always(SILENT));
    expect(sleeps.reduce((sum, ms) => sum + ms, 0)).toBe(90_000);
    expect(asked).toBe(sleeps.length + 1);
    expect(result).toMatchObject({
      kind: 'host',
      code: 'E_MIRROR_UNREACHABLE',
      message: 'not now: the mirror did not answer in 10 tries over 90 s (Connection failed)',
      hint: expect.stringContaining('--offline'),
      evidence: { answer: 'not now', tries: 10, elapsedSeconds: 90 },
    });
  });

  test.each([
    { complaints: [MISSING], patience: {}, asked: 1, because: 'a definite answer stays the same' },
    { complaints: always(SILENT), patience: { quietMs: 0 }, asked: 1, because: 'no patience, one try' },
    {
      complaints: always(WRONG),
      patience: {},
      asked: 10,
      because: 'a mirror may be in the middle of a sync',
    },
    {
      complaints: always(WRONG),
      patience: { damagedTries: 2 },
      asked: 2,
      because: 'a package that is wrong twice is wrong on the mirror',
    },
    {
      complaints: [SILENT, SILENT, SILENT, WRONG],
      patience: { damagedTries: 2 },
      asked: 5,
      because: 'silence before does not count as wrong bytes',
    },
    {
      complaints: always(SILENT),
      patience: { totalMs: 5000 },
      asked: 4,
      because: 'the time in all bounds everything',
    },
  ])('asks $asked times: $because', async ({ complaints, patience, asked }) => {
    expect((await ask(complaints, patience)).asked).toBe(asked);
  });

  test('bytes that trickle in renew patience, but not for ever', async () => {
    let bytes = 0;
    const measure = async (): Promise<number> => (bytes += 1);
    const { sleeps, result } = await ask(always(SILENT), { measure });
    expect(sleeps.reduce((sum, ms) => sum + ms, 0)).toBe(600_000);
    expect(Math.max(...sleeps)).toBe(1000);
    expect(result).toMatchObject({ code: 'E_MIRROR_UNREACHABLE' });
  });

  test('bytes that come, go and come again are no progress', async () => {
    let looks = 0;
    const measure = async (): Promise<number> => (looks += 1) % 2;
    expect((await ask(always(SILENT), { measure })).asked).toBeLessThan(15);
  });

  test('a signal ends a wait at once', async () => {
    const controller = new AbortController();
    const { context } = scriptedContext('', {}, { signal: controller.signal });
    const { pace: _, ...real } = context;
    setTimeout(() => controller.abort(), 50);
    const startedAt = performance.now();
    const asking = askPatiently(
      () => Promise.reject(explained(SILENT)),
      { quietMs: 90_000, totalMs: 90_000 },
      real,
    );
    await expect(asking).rejects.toMatchObject({ kind: 'interrupted', code: 'E_INTERRUPTED' });
    expect(performance.now() - startedAt).toBeLessThan(900);
  });

  test('a bug is no reason to wait', async () => {
    const { context } = scriptedContext('', {});
    const patience = { quietMs: 90_000, totalMs: 90_000 };
    await expect(askPatiently(() => Promise.reject(new TypeError('x')), patience, context)).rejects.toThrow(
      'x',
    );
  });
});

describe('mirrorWaitMs', () => {
  test.each([
    { text: undefined, ms: 7000 },
    { text: '', ms: 7000 },
    { text: '0', ms: 0 },
    { text: '90', ms: 90_000 },
    { text: '1.5', ms: 1500 },
  ])('$text is $ms ms', ({ text, ms }) => {
    expect(mirrorWaitMs({ MINTMARK_MIRROR_WAIT: text }, 7000)).toBe(ms);
  });

  test.each(['-1', 'five', '1e3', '5s', ' 5'])('%s is refused', (text) => {
    expect(() => mirrorWaitMs({ MINTMARK_MIRROR_WAIT: text }, 7000)).toThrow(
      expect.objectContaining({ kind: 'usage', code: 'E_MIRROR_WAIT' }),
    );
  });
});
