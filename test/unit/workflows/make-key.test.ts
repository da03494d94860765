import { readdirSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { makeKey, removeKey } from '../../../src/workflows/make-key.ts';
import { scriptedContext } from './scripted-runner.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('key');

test('a key replaces what was there, is told without its line end, and goes with both halves', async () => {
  const path = await scratch.write('t/key', 'old');
  await scratch.write('t/key.pub', 'old');
  const { context } = scriptedContext(scratch.path, {
    'ssh-keygen': ({ args }) => {
      expect(readdirSync(scratch.join('t'))).toEqual([]);
      expect(args.slice(-4)).toEqual(['-C', 'mintmark-test', '-f', path]);
      writeFileSync(path, 'private');
      writeFileSync(`${path}.pub`, 'ssh-ed25519 AAAA mintmark-test\n');
      return undefined;
    },
  });
  expect(await makeKey(path, 'mintmark-test', context)).toBe('ssh-ed25519 AAAA mintmark-test');
  await removeKey(path);
  await removeKey(path);
  expect(readdirSync(scratch.join('t'))).toEqual([]);
});
