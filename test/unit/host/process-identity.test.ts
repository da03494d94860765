import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { checkAlive, parseProcessIdentity, readProcessIdentity } from '../../../src/host/process-identity.ts';

test('we are alive, and JSON does not change who we are', async () => {
  const me = await readProcessIdentity();
  if (me === undefined) throw new Error('no identity');
  expect(me.pid).toBe(process.pid);
  expect(await checkAlive(me)).toBe('alive');
  expect(parseProcessIdentity(JSON.parse(JSON.stringify(me)))).toEqual(me);
});

test('a child is alive until it ends, also under a name that looks like the fields after it', async () => {
  const child = spawn('bash', ['-c', `exec -a ') Z 1 2 3' sleep 30`]);
  await once(child, 'spawn');
  const identity = await readProcessIdentity(child.pid);
  if (identity === undefined) throw new Error('no identity');
  expect(await checkAlive(identity)).toBe('alive');
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(await checkAlive(identity)).toBe('dead');
});

test('no process, no identity', async () => {
  expect(await readProcessIdentity(4_194_304)).toBeUndefined();
});

test.each([
  { more: { host: 'elsewhere' }, state: 'unknown', because: 'we cannot look into another host' },
  { more: { pidNamespace: 'pid:[1]' }, state: 'unknown', because: 'nor into another container' },
  { more: { bootId: 'earlier' }, state: 'dead', because: 'nothing survives a start of the machine' },
  { more: { startTicks: 1 }, state: 'dead', because: 'the number belongs to another process' },
])('$state because $because', async ({ more, state }) => {
  const me = await readProcessIdentity();
  if (me === undefined) throw new Error('no identity');
  expect(await checkAlive({ ...me, ...more })).toBe(state);
});

test.each([undefined, null, 'text', {}, { pid: 'x' }, { pid: 1, startTicks: 1, bootId: 'b', host: 'h' }])(
  '%j is no identity',
  (value) => {
    expect(parseProcessIdentity(value)).toBeUndefined();
  },
);
