import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/errors/failure.ts';
import { timedOut } from '../../../src/host/command-failures.ts';
import { createSecretFilter } from '../../../src/host/secrets.ts';
import { parsePackerLine } from '../../../src/packer/machine-readable.ts';
import { RUN_FILES } from '../../../src/packer/qemu-source.ts';
import { explainPackerFailure, PackerTale } from '../../../src/workflows/packer-tale.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mintmark-tale-'));
  await mkdir(join(directory, 'vm'));
  await writeFile(join(directory, 'vm', RUN_FILES.serial), 'Debian\r\n\u001b[1mlogin: tiger\u001b[0m\n');
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** What a run told: records on standard output, and lines of the log. */
function taleOf(records: readonly string[], log: readonly string[] = []): PackerTale {
  const tale = new PackerTale();
  for (const event of records.flatMap(parsePackerLine)) tale.hear(event);
  for (const line of log) tale.hearLog(line);
  return tale;
}

const LOGIN = '1,,ui,say,==> qemu.mintmark: Connected to SSH!';

/** The failure that people see. */
async function explain(error: unknown, tale: PackerTale, qemuGone = false): Promise<unknown> {
  const secrets = createSecretFilter(['tiger']);
  return explainPackerFailure(error, tale, qemuGone, { directory, vm: join(directory, 'vm'), secrets });
}

describe('a failure of Packer', () => {
  const spec = { command: 'setpriv', name: 'packer', args: [], deadlineMs: 90_000 };
  const failed = new Failure('command', 'E_COMMAND_FAILED', 'packer failed with exit code 1', {
    details: ['command  packer', 'tiger'],
    evidence: { output: ['tiger'] },
  });
  const gone = new Failure('interrupted', 'E_INTERRUPTED', 'packer was interrupted');
  const QEMU = '2026/11/21 11:00:01 packer-builder-qemu plugin: Qemu stderr: qemu: no room';

  test.each([
    {
      error: timedOut(spec, 'tiger'),
      tale: taleOf([LOGIN]),
      code: 'E_COMMAND_TIMEOUT',
      message: 'packer ran longer than 90 s and was ended',
      because: 'it took too long',
    },
    {
      error: failed,
      tale: taleOf(['1,qemu.mintmark,error,Script exited with 1']),
      code: 'E_PACKER_FAILED',
      message: 'Packer failed: Script exited with 1',
      because: 'a script failed',
    },
    {
      error: gone,
      qemuGone: true,
      tale: taleOf([LOGIN], [QEMU]),
      code: 'E_QEMU_DIED',
      message: 'the virtual machine stopped while Packer was using it: qemu: no room',
      because: 'QEMU ended after login',
    },
    {
      error: gone,
      qemuGone: true,
      tale: taleOf([]),
      code: 'E_QEMU_DIED_EARLY',
      message: 'the virtual machine stopped while Packer was using it',
      because: 'QEMU ended before login',
    },
    {
      error: failed,
      tale: taleOf(['1,qemu.mintmark,error,Build was halted.'], [QEMU]),
      code: 'E_QEMU_START',
      message: 'QEMU did not start: qemu: no room',
      because: 'QEMU refused',
    },
  ])('$code, as $because, shows the serial console and names the log', async (row) => {
    const log = join(directory, 'packer.log');
    const explained = await explain(row.error, row.tale, row.qemuGone);
    expect(explained).toBeInstanceOf(Failure);
    expect(explained).toMatchObject({
      kind: 'command',
      code: row.code,
      message: row.message,
      hint: `Packer's whole log is in ${log}`,
      details: expect.arrayContaining(['serial  Debian', 'serial  login: <secret>']),
      evidence: { log, serial: ['Debian', 'login: <secret>'] },
    });
    if (explained instanceof Failure) expect(JSON.stringify(explained)).not.toContain('tiger');
  });

  test('without a word of Packer and the guest shows what the program wrote, without secrets', async () => {
    await rm(join(directory, 'vm'), { recursive: true });
    expect(await explain(timedOut(spec, 'so tiger'), taleOf([]))).toMatchObject({
      details: ['command  setpriv', 'so <secret>'],
      evidence: { deadlineMs: 90_000 },
    });
  });

  test.each([
    { error: new Error('a bug'), because: 'a bug' },
    { error: new Failure('host', 'E_TOOL_MISSING', 'no packer'), because: 'no Packer' },
  ])('$because stays what it is', async ({ error }) => {
    expect(await explain(error, taleOf([]))).toBe(error);
  });
});

describe('what a provisioner echoes', () => {
  const SENTENCES = ['Connected to SSH!', 'Gracefully halting virtual machine...', 'Waiting for shutdown...'];
  const LOGGED = [
    'packer-builder-qemu plugin: Executing shutdown command: x',
    '2026/11/21 12:19:27 packer-builder-qemu plugin: Waiting max 10m0s for shutdown to complete',
    'Qemu stderr: x',
  ];

  test.each([
    { prefix: 'ui,message,    qemu.mintmark: ', because: 'as Packer up to 1.12 passes it' },
    { prefix: 'ui,error,==> qemu.mintmark: ', because: 'on standard error' },
    { prefix: String.raw`ui,message,    qemu.mintmark: \n==> qemu.mintmark: `, because: 'with a line end' },
  ])('before a login does not pass for one, $because', ({ prefix }) => {
    const tale = taleOf(SENTENCES.map((text) => `1,,${prefix}${text}`));
    expect(tale).toMatchObject({ loggedIn: false, shuttingDown: false });
  });

  test.each([
    { prefix: 'ui,message,    qemu.mintmark: ', because: 'as Packer up to 1.12 passes it' },
    { prefix: 'ui,say,==> qemu.mintmark: ', because: 'as Packer from 1.13 on passes it' },
    { prefix: 'ui,error,==> qemu.mintmark: ', because: 'on standard error' },
  ])('is neither a shutdown nor QEMU, $because', ({ prefix }) => {
    const records = [...SENTENCES, ...LOGGED].map((text) => `1,,${prefix}${text}`);
    const tale = taleOf(
      [LOGIN, ...records],
      records.map((record) => `2026/11/21 12:19:27 ${record}`),
    );
    expect(tale).toMatchObject({ loggedIn: true, shuttingDown: false, qemuSaid: [] });
  });

  test('differs from what the builder logs', () => {
    const line = '2026/11/21 12:19:27 packer-builder-qemu plugin: Executing shutdown command: poweroff';
    expect(taleOf([LOGIN], [line])).toMatchObject({ loggedIn: true, shuttingDown: true });
  });
});
