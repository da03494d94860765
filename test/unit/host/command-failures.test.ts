import { describe, expect, test } from '@jest/globals';
import { dieWithParent, withoutDeathWatch } from '../../../src/host/die-with-parent.ts';
import { run } from '../../../src/host/run.ts';
import type { CommandSpec } from '../../../src/values/command-spec.ts';

const call = (command: string, ...args: string[]): CommandSpec => ({ command, args, deadlineMs: 20_000 });

describe('a failed call', () => {
  test.each([
    {
      spec: dieWithParent(call('sh', '-c', 'exit 9')),
      code: 'E_COMMAND_FAILED',
      message: 'sh failed with exit code 9',
      because: 'people ran the program, not what watches over it',
    },
    {
      spec: dieWithParent(call('no-such-program-x')),
      code: 'E_TOOL_MISSING',
      message: 'no-such-program-x is not installed',
      because: 'the watcher is there, the program is not',
    },
    {
      spec: dieWithParent(call('sh', '-c', 'exit 127')),
      code: 'E_COMMAND_FAILED',
      message: 'sh failed with exit code 127',
      because: 'the program itself may end with 127',
    },
    {
      spec: call('echo', 'a'.repeat(200 * 1024)),
      code: 'E_COMMAND_FAILED',
      message: expect.stringContaining('echo could not be started'),
      because: 'no argument may be longer than 128 KiB',
    },
    {
      spec: call('/etc/passwd'),
      code: 'E_COMMAND_FAILED',
      message: expect.stringContaining('EACCES'),
      because: 'a file that is no program',
    },
    {
      spec: call('sh', '-c', 'head -c 70000000 /dev/zero | tr "\\0" x'),
      code: 'E_COMMAND_FAILED',
      message: 'sh wrote more than 64 MiB and was ended',
      because: 'nobody may fill our memory',
    },
  ])('$code: $because', async ({ spec, code, message }) => {
    await expect(run(spec)).rejects.toMatchObject({ code, message });
  });

  test('lines that are no message for people are cut', async () => {
    const failing = run(call('sh', '-c', 'head -c 5000 /dev/zero | tr "\\0" x; exit 1'));
    const { details } = await failing.then(
      () => ({ details: [] }),
      (error: { readonly details: readonly string[] }) => error,
    );
    expect(details.at(-1)).toHaveLength(1001);
  });
});

describe('withoutDeathWatch', () => {
  const inner = call('qemu', '-m', '1');
  test.each([
    { spec: dieWithParent(inner), result: inner, because: 'the program inside' },
    { spec: inner, result: inner, because: 'nothing is around it' },
    {
      spec: call('setpriv', '--reuid', '1', 'id'),
      result: call('setpriv', '--reuid', '1', 'id'),
      because: 'setpriv has other uses',
    },
    {
      spec: call('setpriv', '--pdeathsig', 'KILL'),
      result: call('setpriv', '--pdeathsig', 'KILL'),
      because: 'nothing is inside',
    },
  ])('$because', ({ spec, result }) => {
    expect(withoutDeathWatch(spec)).toEqual(result);
  });
});
