import { open, type FileHandle } from 'node:fs/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { streamCommand, type StreamOptions } from '../../../src/host/stream-command.ts';
import { useScratchDirectory } from '../workflows/scratch-directory.ts';

const scratch = useScratchDirectory('stream');
const opened: FileHandle[] = [];
afterEach(async () => {
  for (const handle of opened.splice(0)) await handle.close();
});

async function fileWith(text: string, name = 'input'): Promise<number> {
  const handle = await open(await scratch.write(name, text), 'r+');
  opened.push(handle);
  return handle.fd;
}

/** Runs a shell script; gives what it wrote. */
async function stream(
  script: string,
  more: Partial<StreamOptions> = {},
  deadlineMs = 20_000,
): Promise<string> {
  const pieces: Uint8Array[] = [];
  const options = {
    inputFd: await fileWith('from the file'),
    output: (piece: Uint8Array) => void pieces.push(piece),
  };
  await streamCommand({ command: 'sh', args: ['-c', script], deadlineMs }, { ...options, ...more });
  return Buffer.concat(pieces).toString();
}

describe('streamCommand', () => {
  test('hands the program its input and takes its output', async () => {
    expect(await stream('cat; printf .')).toBe('from the file.');
  });

  test('lets the program write into an open file', async () => {
    const output = await fileWith('', 'output');
    await stream('cat', { output });
    expect(await scratch.read('output')).toBe('from the file');
  });

  test('builds the environment anew', async () => {
    process.env['XZ_OPT'] = '-0';
    try {
      expect(await stream('printf "%s" "${XZ_OPT-unset} $LC_ALL"')).toBe('unset C.UTF-8');
    } finally {
      delete process.env['XZ_OPT'];
    }
  });

  test('a bad exit code fails with the last lines of standard error', async () => {
    await expect(stream('echo reason >&2; exit 3')).rejects.toMatchObject({
      code: 'E_COMMAND_FAILED',
      message: 'sh failed with exit code 3',
      details: expect.arrayContaining(['reason']),
    });
  });

  test('a program that is killed fails with the signal', async () => {
    await expect(stream('kill -9 $$')).rejects.toMatchObject({ message: 'sh ended by SIGKILL' });
  });

  test('a program that is missing is named', async () => {
    const inputFd = await fileWith('');
    const spec = { command: 'no-such-program', args: [], deadlineMs: 1000 };
    await expect(streamCommand(spec, { inputFd, output: () => undefined })).rejects.toMatchObject({
      code: 'E_TOOL_MISSING',
    });
  });

  test('the deadline ends it', async () => {
    await expect(stream('exec sleep 60', {}, 200)).rejects.toMatchObject({ code: 'E_COMMAND_TIMEOUT' });
  });

  test.each([
    { afterMs: 0, because: 'the program is still looked for' },
    { afterMs: 300, because: 'the program runs' },
  ])('the signal ends it after $afterMs ms, when $because', async ({ afterMs }) => {
    const controller = new AbortController();
    const running = stream('exec sleep 60', { signal: controller.signal });
    if (afterMs === 0) controller.abort();
    else setTimeout(() => controller.abort(), afterMs);
    await expect(running).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
  });

  test('what takes the output may end a program that writes without end', async () => {
    let sizeBytes = 0;
    const output = (piece: Uint8Array): void => {
      sizeBytes += piece.length;
      if (sizeBytes > 1e6) throw new Error('enough');
    };
    await expect(stream('exec cat /dev/zero', { output })).rejects.toThrow('enough');
    expect(sizeBytes).toBeLessThan(2e6);
  });

  test('tells how far the input was read', async () => {
    const places: number[] = [];
    await stream('head -c 4 >/dev/null; sleep 1.2', { onInput: (offset) => void places.push(offset) });
    // dash reads nothing ahead of what its programs read.
    expect(places).toContain(4);
  });
});
