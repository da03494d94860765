import { readdirSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { NOCLOUD } from '../../../src/guest/contract-nocloud.ts';
import { CLOUDSTACK } from '../../../src/guest/contract-cloudstack.ts';
import type { BootPlan, BootRequest } from '../../../src/guest/boot-contract.ts';
import { MACHINE_SHAPES } from '../../../src/guest/machine-shape.ts';
import { findLoopbackPort } from '../../../src/host/loopback-port.ts';
import { createSecretFilter } from '../../../src/host/secrets.ts';
import { bringUp, type SessionResult } from '../../../src/workflows/boot-session.ts';
import { RunningMachine } from '../../../src/workflows/run-machine.ts';
import { fakePrograms, marksIn, type FakeLogin, type FakePrograms } from './fake-machine.ts';
import { scriptedContext } from './scripted-runner.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('bs');
let server: Server | undefined;
const sockets: Socket[] = [];
let port = 0;
let machine: RunningMachine | undefined;
beforeEach(async () => {
  port = await findLoopbackPort();
});
afterEach(async () => {
  await machine?.powerOff();
  machine = undefined;
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.close();
  server = undefined;
});

const REQUEST: BootRequest = {
  target: 'kvm',
  name: 'test-1',
  publicKey: 'ssh-ed25519 AAAA mintmark-test',
  sshPort: 22,
  cloudScripts: new Uint8Array(),
};
const CLOUD = NOCLOUD.plan(REQUEST);

/** Somebody behind the port that QEMU forwards. */
async function answerBySsh(): Promise<void> {
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.write('SSH-2.0-fake\r\n');
  });
  await new Promise<void>((resolve) => void server?.listen(port, '127.0.0.1', resolve));
}

const complete: FakeLogin = async ({ script, tell }) => {
  const [login, ready, done] = marksIn(script);
  for (const line of ['motd', login, 'before', ready, '', 'an answer', done]) tell(line);
  return { exitCode: 0 };
};

interface Case extends FakePrograms {
  readonly plan?: BootPlan;
  readonly hasSsh?: boolean;
  readonly readyDeadlineMs?: number;
  readonly answerDeadlineMs?: number;
  readonly signal?: AbortSignal;
}

async function bring({ plan = CLOUD, hasSsh = true, ...more }: Case): Promise<SessionResult> {
  const { readyDeadlineMs = 6000, answerDeadlineMs = 4000, signal } = more;
  if (hasSsh) await answerBySsh();
  const { run } = fakePrograms(more);
  const { context } = scriptedContext(scratch.path, {}, { run, ...(signal ? { signal } : {}) });
  machine = await RunningMachine.start(
    {
      accelerator: 'tcg',
      cpus: 1,
      memoryMiB: 64,
      shape: MACHINE_SHAPES.kvm,
      image: 'driver=null-co',
      overlay: scratch.join('overlay'),
      discs: [],
      networks: plan.networks,
      ssh: { network: 0, hostPort: port, guestAddress: '10.0.2.15', guestPort: 22 },
      credentials: [],
      hasAgentPort: true,
    },
    { directory: scratch.join('m'), secrets: createSecretFilter([]) },
    context,
  );
  const login = { user: 'debian', port, key: '/key' };
  const patience = { readyDeadlineMs, promptDeadlineMs: readyDeadlineMs, answerDeadlineMs };
  return bringUp({ machine, plan, login, patience }, 'true', context);
}

describe('bringing a machine up', () => {
  test('tells when it let us in and when it was ready, and what it answered since', async () => {
    const result = await bring({ ssh: complete });
    expect(result).toEqual({
      loginMs: expect.any(Number),
      readyMs: expect.any(Number),
      answers: '\nan answer',
    });
  });

  test('tries again after a login that was refused', async () => {
    const result = await bring({
      ssh: async (login) =>
        login.number === 1 ? { exitCode: 255, stderr: 'Permission denied (publickey).' } : complete(login),
    });
    expect(result.problem).toBeUndefined();
    expect(result.readyMs).toBeGreaterThan(1400);
  });

  test.each<{ case: Case; code: string; says: string | RegExp; withinMs: number; because: string }>([
    {
      case: { plan: CLOUDSTACK.plan(REQUEST), readyDeadlineMs: 700 },
      code: 'E_GUEST_CHANNEL',
      says: "no guest agent answered on the machine's port within 1 s",
      withinMs: 3000,
      because: 'the channel is missing',
    },
    {
      case: { hasSsh: false, readyDeadlineMs: 1000 },
      code: 'E_GUEST_NO_SSH',
      says: "nobody answered by SSH on port 22 within 1 s: the guest's network is up, and nothing listens there",
      withinMs: 3000,
      because: 'sshd does not run',
    },
    {
      case: {
        readyDeadlineMs: 1000,
        ssh: async () => ({ exitCode: 255, stderr: 'debian@127.0.0.1: Permission denied (publickey).\n' }),
      },
      code: 'E_GUEST_LOGIN',
      says: /^SSH on port 22 did not let debian in within 1 s: .*Permission denied/,
      withinMs: 3000,
      because: 'the key was not put in place',
    },
    {
      case: {
        readyDeadlineMs: 1000,
        ssh: async ({ script, tell, ended }) => {
          tell(marksIn(script)[0]);
          await ended;
          return { exitCode: 255 };
        },
      },
      code: 'E_GUEST_NOT_READY',
      says: '/run/cloud-init/result.json was not there within 1 s',
      withinMs: 3000,
      because: 'the contract is not kept to its end',
    },
    {
      case: {
        readyDeadlineMs: 60_000,
        answerDeadlineMs: 1000,
        ssh: async ({ script, tell, ended }) => {
          const [login, ready] = marksIn(script);
          tell(login);
          tell(ready);
          await ended;
          return { exitCode: 255 };
        },
      },
      code: 'E_GUEST_NO_ANSWER',
      says: 'it was ready, and then gave no answer for 1 s',
      withinMs: 4000,
      because: 'it hangs after the ready marker; the time for that begins there',
    },
    {
      case: {
        ssh: async ({ script, tell }) => {
          const [login, ready] = marksIn(script);
          tell(login);
          tell(ready);
          return { exitCode: 255, stderr: 'Connection to 127.0.0.1 closed by remote host.' };
        },
      },
      code: 'E_GUEST_NO_ANSWER',
      says: 'the login ended early (exit code 255): Connection to 127.0.0.1 closed by remote host.',
      withinMs: 3000,
      because: 'the connection is lost after ready',
    },
    {
      case: {
        ssh: async ({ script, tell }) => {
          tell(marksIn(script)[0]);
          return { exitCode: 1, stderr: 'sh: 3: cannot create /var/cache/cloud/x: No space left on device' };
        },
      },
      code: 'E_GUEST_NOT_READY',
      says: /^the login ended early \(exit code 1\): sh: 3: .*No space left/,
      withinMs: 3000,
      because: 'what it was sent could not be written',
    },
    {
      case: {
        hasSsh: false,
        qemu: async ({ say, ended }) => {
          await say(
            '[    1.500000] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\r\n',
          );
          await ended;
        },
      },
      code: 'E_GUEST_NO_ROOT',
      says: /could not mount the root filesystem/,
      withinMs: 5000,
      because: 'a fatal line ends it at once, not at the deadline',
    },
    {
      case: {
        hasSsh: false,
        qemu: async ({ event }) => event('SHUTDOWN', { guest: true, reason: 'guest-shutdown' }),
      },
      code: 'E_GUEST_POWERED_OFF',
      says: 'the guest powered itself off',
      withinMs: 5000,
      because: 'the guest gave up by itself',
    },
    {
      case: {
        hasSsh: false,
        qemu: async ({ event }) => event('SHUTDOWN', { guest: true, reason: 'guest-reset' }),
      },
      code: 'E_GUEST_RESTARTED',
      says: 'the guest restarted itself',
      withinMs: 5000,
      because: 'a machine that restarts over and over never gets ready',
    },
  ])('$code: $because', async ({ case: { readyDeadlineMs = 30_000, ...rest }, code, says, withinMs }) => {
    const began = performance.now();
    const { problem } = await bring({ ...rest, readyDeadlineMs });
    expect(problem).toEqual({
      code,
      reason: typeof says === 'string' ? says : expect.stringMatching(says),
    });
    expect(performance.now() - began).toBeLessThan(withinMs);
  });
});

describe('a machine that this host fails', () => {
  test.each<{ qemu: FakePrograms['qemu']; failure: object; because: string }>([
    {
      qemu: async ({ event }) => event('RESUME', {}),
      failure: { kind: 'command', code: 'E_QEMU_DIED', message: expect.stringContaining('QEMU was killed') },
      because: 'it is gone, and no guest ended it',
    },
    {
      qemu: async ({ complain }) => complain('qemu-system-x86_64: cannot set up guest memory'),
      failure: { code: 'E_QEMU_DIED', message: expect.stringContaining('cannot set up guest memory') },
      because: 'QEMU said why',
    },
    {
      qemu: async ({ event, ended }) => {
        await event('BLOCK_IO_ERROR', { nospace: true, reason: 'No space left on device' });
        await ended;
      },
      failure: {
        kind: 'host',
        code: 'E_NO_SPACE',
        message: expect.stringContaining('no space is left on this host'),
      },
      because: 'the overlay does not fit',
    },
  ])('is no fault of the image: $because', async ({ qemu, failure }) => {
    await expect(
      bring({ hasSsh: false, readyDeadlineMs: 30_000, ...(qemu ? { qemu } : {}) }),
    ).rejects.toMatchObject(failure);
  });
});

describe('an interruption', () => {
  test.each<{ case: Case; because: string }>([
    { case: { hasSsh: false }, because: 'nobody answered yet' },
    { case: { hasSsh: false, plan: CLOUDSTACK.plan(REQUEST) }, because: 'the agent is looked for' },
    {
      case: {
        ssh: async ({ ended }) => {
          await ended;
          return { exitCode: 255 };
        },
      },
      because: 'somebody is logged in',
    },
  ])('is no result: $because', async ({ case: given }) => {
    const interrupt = new AbortController();
    const bringing = bring({ ...given, readyDeadlineMs: 30_000, signal: interrupt.signal });
    bringing.catch(() => {});
    await delay(500);
    interrupt.abort();
    await expect(bringing).rejects.toThrow(/interrupted|abort/);
    await machine?.powerOff();
    expect(
      readdirSync(scratch.join('m')).filter((name) => name.endsWith('.sock') && name !== 'qmp.sock'),
    ).toEqual([]);
  });
});
