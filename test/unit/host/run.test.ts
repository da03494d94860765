import { describe, expect, test } from '@jest/globals';
import { dieWithParent } from '../../../src/host/die-with-parent.ts';
import { run, TAIL_LENGTH } from '../../../src/host/run.ts';

const sh = (script: string, more: object = {}) => ({
  command: 'sh',
  args: ['-c', script],
  deadlineMs: 10_000,
  ...more,
});

describe('run', () => {
  test('gives both streams and the exit code', async () => {
    const result = await run(sh('echo out; echo err >&2; exit 3'), { okExitCodes: [3] });
    expect(result).toMatchObject({ stdout: 'out\n', stderr: 'err\n', exitCode: 3 });
  });

  test('standard input is closed, or holds what was given', async () => {
    expect((await run(sh('cat'))).stdout).toBe('');
    expect((await run(sh('cat', { input: 'text' }))).stdout).toBe('text');
  });

  test('only allow-listed variables and the call’s own reach the program', async () => {
    process.env['MINTMARK_TEST_STRAY'] = 'stray';
    try {
      const { stdout } = await run(sh('env', { env: { OWN: 'mine' } }));
      expect(stdout).toContain('OWN=mine\n');
      expect(stdout).toContain('LC_ALL=C.UTF-8\n');
      expect(stdout).not.toContain('stray');
    } finally {
      delete process.env['MINTMARK_TEST_STRAY'];
    }
  });

  test.each([
    { spec: sh('exit 7'), code: 'E_COMMAND_FAILED', text: 'exit code 7', because: 'a bad exit code' },
    { spec: sh('kill -9 $$'), code: 'E_COMMAND_FAILED', text: 'SIGKILL', because: 'a signal' },
    { spec: sh('sleep 9', { deadlineMs: 50 }), code: 'E_COMMAND_TIMEOUT', text: '', because: 'too slow' },
    {
      spec: { command: 'no-such-program-x', args: [], deadlineMs: 1000 },
      code: 'E_TOOL_MISSING',
      text: 'not installed',
      because: 'not on PATH',
    },
    {
      spec: sh('true', { cwd: '/no/such/directory' }),
      code: 'E_DIRECTORY_MISSING',
      text: '/no/such/directory',
      because: 'the working directory is missing, not the program',
    },
  ])('$code for $because', async ({ spec, code, text }) => {
    await expect(run(spec)).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
  });

  test('a failure carries the command to copy and the last lines', async () => {
    const failing = run(sh('for i in $(seq 30); do echo "line $i"; done; exit 1'));
    const { details } = await failing.then(
      () => ({ details: [] }),
      (error: { details: string[] }) => error,
    );
    expect(details[0]).toMatch(/^command {2}sh -c 'for i/);
    expect(details).toHaveLength(21);
    expect(details.at(-1)).toBe('line 30');
  });

  test('a signal interrupts it, before the start too', async () => {
    const controller = new AbortController();
    const interrupted = run(sh('sleep 9'), { signal: controller.signal, onStart: () => controller.abort() });
    await expect(interrupted).rejects.toMatchObject({ kind: 'interrupted' });
    await expect(run(sh('true'), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      kind: 'interrupted',
    });
  });

  test('a program that ignores SIGTERM is ended at once by the SIGKILL it asked for', async () => {
    const startedAt = performance.now();
    const spec = sh('trap "" TERM; sleep 9 & wait; wait', { deadlineMs: 100, endSignal: 'SIGKILL' });
    await expect(run({ ...spec, args: ['-c', 'trap "" TERM; while :; do :; done'] })).rejects.toMatchObject({
      code: 'E_COMMAND_TIMEOUT',
    });
    expect(performance.now() - startedAt).toBeLessThan(3000);
  });

  test('what a killed program leaves running does not hold us', async () => {
    const startedAt = performance.now();
    const late = run(sh('echo seen; sleep 6; true', { deadlineMs: 200 }));
    await expect(late).rejects.toMatchObject({
      code: 'E_COMMAND_TIMEOUT',
      details: expect.arrayContaining(['seen']),
    });
    expect(performance.now() - startedAt).toBeLessThan(3000);
  });

  test('lines arrive while it runs, from both streams', async () => {
    const lines: string[] = [];
    await run(sh('echo one; echo two >&2; printf three'), {
      onLine: (line, stream) => lines.push(`${stream} ${line}`),
    });
    expect(lines.toSorted()).toEqual(['stderr two', 'stdout one', 'stdout three']);
  });
});

describe('a program whose lines are taken', () => {
  const ENDLESS = 'yes "$(printf %01000d 0)" | head -c 80000000; echo; echo last; echo "and $0" >&2';

  test('may write without end; only the last of it is kept', async () => {
    let lines = 0;
    const { stdout, stderr } = await run(sh(ENDLESS), { onLine: () => (lines += 1) });
    expect(lines).toBeGreaterThan(79_000);
    expect(stdout).toHaveLength(TAIL_LENGTH);
    expect(stdout.endsWith('\nlast\n')).toBe(true);
    expect(stderr).toBe('and sh\n');
  });

  test('still ends at the limit when nobody takes them', async () => {
    await expect(run(sh(ENDLESS))).rejects.toMatchObject({
      message: 'sh wrote more than 64 MiB and was ended',
    });
  });

  test('fails with its last lines of both streams', async () => {
    const failing = run(sh('echo one; echo two >&2; exit 3'), { onLine: () => undefined });
    const { details } = await failing.then(
      () => ({ details: [] }),
      (error: { details: string[] }) => error,
    );
    expect(details.slice(1).toSorted()).toEqual(['one', 'two']);
  });

  test.each([
    { spec: { command: 'no-such-program-x', args: [], deadlineMs: 1000 }, code: 'E_TOOL_MISSING' },
    { spec: sh('exit 7'), code: 'E_COMMAND_FAILED' },
    { spec: sh('echo seen; sleep 6; true', { deadlineMs: 200 }), code: 'E_COMMAND_TIMEOUT' },
  ])('fails as any other: $code', async ({ spec, code }) => {
    const startedAt = performance.now();
    await expect(run(spec, { onLine: () => undefined })).rejects.toMatchObject({ code });
    expect(performance.now() - startedAt).toBeLessThan(3000);
  });

  test('is interrupted as any other', async () => {
    const controller = new AbortController();
    const options = { signal: controller.signal, onLine: () => controller.abort() };
    await expect(run(sh('echo now; sleep 9'), options)).rejects.toMatchObject({ kind: 'interrupted' });
  });
});

test('dieWithParent keeps everything but the command', () => {
  const spec = { command: 'qemu', args: ['-m', '1'], cwd: '/x', deadlineMs: 1, env: { A: 'b' } };
  expect(dieWithParent(spec)).toEqual({
    ...spec,
    command: 'setpriv',
    args: ['--pdeathsig', 'KILL', 'qemu', '-m', '1'],
  });
});
