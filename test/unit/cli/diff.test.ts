import { mkdir } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { parseReleaseDiff, renderReleaseDiff } from '../../../src/catalogue/release-diff.ts';
import type { CommandContext, CommandOutcome } from '../../../src/cli/command.ts';
import { diffCommand } from '../../../src/cli/commands/diff.ts';
import { createTextStyle } from '../../../src/cli/text-style.ts';
import { renderReleaseManifest } from '../../../src/manifests/release.ts';
import { sampleDiff } from '../catalogue/sample-releases.ts';
import { sampleManifest } from '../manifests/sample-manifest.ts';
import { scriptedContext } from '../workflows/scripted-runner.ts';
import { useScratchDirectory } from '../workflows/scratch-directory.ts';

const scratch = useScratchDirectory('cli-diff');
const DIFF = sampleDiff();

async function callDiff(format: 'text' | 'json' | 'markdown', out?: string): Promise<CommandOutcome> {
  const layout = { width: 80, style: createTextStyle(true) };
  const { context: workflow } = scriptedContext(scratch.path, {});
  const context: CommandContext = {
    workflow,
    catalogue: scratch.join('catalogue'),
    layout,
    summaryLayout: layout,
    openTerminal: () => undefined,
  };
  const options = { format, out, catalogue: undefined };
  return await diffCommand.run({ options, positionals: [scratch.join('release')] }, context);
}

describe('the command line of diff', () => {
  beforeEach(async () => {
    await scratch.write('release/release.json', renderReleaseManifest(sampleManifest(DIFF.to.long)));
    await scratch.write('release/diff.json', renderReleaseDiff(DIFF));
  });

  test.each([
    { format: 'text' as const, begins: '\x1b[1mserver 26.11.20-1.56 → ', because: 'a person reads it' },
    { format: 'markdown' as const, begins: '# server 26.11.21-1.57: ', because: 'it is a page' },
    { format: 'json' as const, begins: '{\n  "schema": 1,', because: 'a program reads it' },
  ])('$format goes to stdout: $because', async ({ format, begins }) => {
    const { result, document } = await callDiff(format);
    expect(result?.startsWith(begins)).toBe(true);
    expect(document).toEqual({ summary: expect.stringContaining('2 upgraded'), diff: DIFF });
  });

  test('a file gets the same, and its path is the result', async () => {
    const path = scratch.join('new/diff.json');
    const { result, document } = await callDiff('json', path);
    expect({ result, out: document['out'] }).toEqual({ result: path, out: path });
    expect(parseReleaseDiff(await scratch.read('new/diff.json'))).toEqual(DIFF);
  });

  test('a file has no colours', async () => {
    await callDiff('text', scratch.join('diff.txt'));
    expect(await scratch.read('diff.txt')).not.toContain('\x1b');
  });

  test('a file that cannot be written is the host’s fault', async () => {
    await mkdir(scratch.join('taken'));
    await expect(callDiff('text', scratch.join('taken'))).rejects.toMatchObject({
      kind: 'host',
      code: 'E_OUTPUT',
    });
  });
});
