import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { dieWithParent } from '../../../src/host/die-with-parent.ts';
import { forwardLines, run } from '../../../src/host/run.ts';

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

describe('forwardLines', () => {
  test.each([
    { chunks: ['a\nb\n'], lines: ['a', 'b'], because: 'each line once' },
    { chunks: ['a', 'b\nc'], lines: ['ab', 'c'], because: 'a line in two chunks, the last without an end' },
    { chunks: ['a\r', '\nb\n'], lines: ['a', 'b'], because: 'CR LF split over two chunks is one line end' },
    { chunks: ['1%\r2%\r', '3%\n'], lines: ['1%', '2%', '3%'], because: 'progress redraws by CR alone' },
    { chunks: ['a\n\nb'], lines: ['a', '', 'b'], because: 'empty lines count' },
    { chunks: [Buffer.from([0xc3]), Buffer.from([0xa9, 0x0a])], lines: ['é'], because: 'split letters' },
  ])('$because', async ({ chunks, lines }) => {
    const stream = new PassThrough();
    const got: string[] = [];
    forwardLines(stream, (line) => got.push(line));
    for (const chunk of chunks) {
      stream.write(chunk);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    stream.end();
    await new Promise((resolve) => {
      stream.on('close', resolve);
    });
    expect(got).toEqual(lines);
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
