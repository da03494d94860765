import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { renderSessionScript } from '../../../src/guest/session-script.ts';
import { sshCommand } from '../../../src/guest/ssh-command.ts';
import { useScratchDirectory } from '../workflows/scratch-directory.ts';

const scratch = useScratchDirectory('session');
const NONCE = 'ab'.repeat(16);

const runIn = (script: string): { stdout: string; status: number | null } =>
  spawnSync('sh', ['-s'], { input: script, encoding: 'utf8', timeout: 20_000 });

describe('the script of a login, in a real shell', () => {
  test('says that it is there, waits for the marker, answers, and says that it is done', async () => {
    const marker = scratch.join('ready');
    const { script, marks } = renderSessionScript({ sshFiles: [], marker }, 'echo an answer', NONCE);
    const early = `(sleep 0.7; : >'${marker}') & ${script}`;
    const began = performance.now();
    expect(runIn(early).stdout.split('\n')).toEqual([marks.login, marks.ready, 'an answer', marks.done, '']);
    expect(performance.now() - began).toBeGreaterThan(500);
  });

  test.each([
    { name: 'cloud-scripts.tgz', data: randomBytes(100_003), because: 'an archive is many lines' },
    { name: "it's $HOME `x` \\ file", data: Buffer.from('x'), because: 'a name may be odd' },
    { name: 'empty', data: Buffer.alloc(0), because: 'there may be nothing in it' },
    { name: 'ends', data: Buffer.from('END\nEND\n'), because: 'its text may end the text' },
  ])('a pushed file arrives whole: $because', async ({ name, data }) => {
    const marker = await scratch.write('ready', '');
    const path = scratch.join(name);
    const { script, marks } = renderSessionScript({ sshFiles: [{ path, data }], marker }, 'true', NONCE);
    expect(runIn(script).stdout.split('\n').slice(0, -1)).toEqual([marks.login, marks.ready, marks.done]);
    expect(readFileSync(path).equals(data)).toBe(true);
    expect(readdirSync(scratch.path).filter((each) => each.endsWith('.part'))).toEqual([]);
  });

  test('a push that is cut short leaves nothing under its name', () => {
    const path = scratch.join('f');
    const files = [{ path, data: randomBytes(9000) }];
    const { script } = renderSessionScript({ sshFiles: files, marker: '/' }, 'true', NONCE);
    runIn(script.slice(0, script.length / 2));
    expect(existsSync(path)).toBe(false);
  });
});

describe('sshCommand', () => {
  const login = { user: 'debian', port: 4022, key: '/t/key' };
  test.each([
    { user: 'debian', shell: ['sudo', '-n', 'sh', '-s'], because: 'checks are asked as root' },
    { user: 'root', shell: ['sh', '-s'], because: 'it is root' },
  ])('$user runs $shell: $because', ({ user, shell }) => {
    const { command, args, input } = sshCommand({ ...login, user }, 'true', 1000);
    expect({ command, input, end: args.slice(args.indexOf('--') - 1) }).toEqual({
      command: 'ssh',
      input: 'true',
      end: [`${user}@127.0.0.1`, '--', ...shell],
    });
  });

  test('nothing of our own takes part', () => {
    const { args } = sshCommand(login, 'true', 1000);
    expect(args.slice(0, 6)).toEqual(['-F', 'none', '-i', '/t/key', '-p', '4022']);
    for (const option of ['BatchMode=yes', 'IdentitiesOnly=yes', 'UserKnownHostsFile=/dev/null'])
      expect(args).toContain(option);
  });
});
