import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { testCommand } from '../../../src/cli/commands/test.ts';
import { PLAIN_STYLE } from '../../../src/cli/text-style.ts';
import type { CommandContext } from '../../../src/cli/command.ts';
import { scriptedContext } from '../workflows/scripted-runner.ts';
import { useScratchDirectory } from '../workflows/scratch-directory.ts';

const scratch = useScratchDirectory('cli-test');
const OPTIONS: Parameters<typeof testCommand.run>[0]['options'] = {
  target: [],
  accel: 'auto',
  alone: false,
  contract: undefined,
  junit: undefined,
  out: undefined,
  'ssh-user': undefined,
  memory: undefined,
  timeout: undefined,
  catalogue: undefined,
};

function callTest(subject: string, more: object): Promise<unknown> {
  const layout = { width: 80, style: PLAIN_STYLE };
  const { context: workflow } = scriptedContext(scratch.path, {});
  const context: CommandContext = {
    workflow,
    catalogue: scratch.join('catalogue'),
    layout,
    summaryLayout: layout,
    openTerminal: () => undefined,
  };
  return testCommand.run({ options: { ...OPTIONS, ...more }, positionals: [subject] }, context);
}

describe('the command line of test', () => {
  test.each(['timeout', 'memory'])('no %s at all is a slip of usage', async (name) => {
    await expect(callTest('disk.raw', { [name]: 0 })).rejects.toMatchObject({
      kind: 'usage',
      message: `--${name} must be at least 1`,
    });
  });

  test.each([
    {
      options: { contract: 'telepathy' },
      message: 'there is no contract "telepathy"',
      hint: 'there are nocloud, config-drive, cloudstack, cosmic',
    },
    { options: { target: ['kvm,toaster'] }, message: 'there is no target "toaster"', hint: /^there are kvm/ },
    { options: {}, message: 'there is neither a file nor a line "server"', hint: /^nothing is filed in/ },
  ])('"$message" is a slip of usage', async ({ options, message, hint }) => {
    await expect(callTest('server', options)).rejects.toMatchObject({
      kind: 'usage',
      message,
      hint: typeof hint === 'string' ? hint : expect.stringMatching(hint),
    });
    expect(() => readFileSync(scratch.join('state'))).toThrow();
  });
});
