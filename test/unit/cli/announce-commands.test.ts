import { describe, expect, test } from '@jest/globals';
import { announceCommands } from '../../../src/cli/announce-commands.ts';
import { dieWithParent } from '../../../src/host/die-with-parent.ts';
import { inOwnProcesses } from '../../../src/host/own-processes.ts';
import type { Runner } from '../../../src/host/run.ts';
import type { CommandSpec } from '../../../src/values/command-spec.ts';
import type { WorkflowEvent } from '../../../src/workflows/events.ts';

const RESULT = { stdout: 'out', stderr: '', exitCode: 0, durationMs: 1 };

/** What is told of a call, in the order of what happens. */
async function told(spec: CommandSpec) {
  const happened: (WorkflowEvent | CommandSpec)[] = [];
  const run: Runner = (called) => {
    happened.push(called);
    return Promise.resolve(RESULT);
  };
  const announced = announceCommands(run, (event) => void happened.push(event));
  return { happened, result: await announced(spec) };
}

const call = (...args: string[]): CommandSpec => ({ command: 'tool', args, deadlineMs: 1 });

describe('a program call', () => {
  test('is told before it starts, and then goes on as it was', async () => {
    const spec = call('-x', 'a b');
    const { happened, result } = await told(spec);
    expect(happened).toEqual([{ type: 'command', commandLine: "tool -x 'a b'" }, spec]);
    expect(result).toBe(RESULT);
  });

  test.each([
    { spec: dieWithParent(call('-x')), line: 'tool -x', because: 'without the death watch' },
    {
      spec: inOwnProcesses(call('-x'), 0),
      line: 'unshare --pid --fork --kill-child tool -x',
      because: 'the namespace matters to who repeats it',
    },
    {
      spec: { ...call(), env: { PKR_VAR_token: 'tiger' }, input: 'tiger' },
      line: 'tool',
      because: 'secrets travel in the environment and on standard input',
    },
    {
      spec: call('-var', 'http_proxy=http://me:ti@ger@proxy.example:3128/'),
      line: "tool -var 'http_proxy=http://<secret>@proxy.example:3128/'",
      because: 'a proxy may have a password',
    },
    {
      spec: call('https://mirror.example/pool/a@b'),
      line: 'tool https://mirror.example/pool/a@b',
      because: 'a path may hold an at sign',
    },
  ])('$line: $because', async ({ spec, line }) => {
    expect((await told(spec)).happened[0]).toEqual({ type: 'command', commandLine: line });
  });
});
