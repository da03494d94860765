import { describe, expect, test } from '@jest/globals';
import { parsePackerLine } from '../../../src/packer/machine-readable.ts';
import { PackerTale } from '../../../src/workflows/packer-tale.ts';

/** What a run told: records on standard output, and lines of the log. */
function taleOf(records: readonly string[], log: readonly string[] = []): PackerTale {
  const tale = new PackerTale();
  for (const event of records.flatMap(parsePackerLine)) tale.hear(event);
  for (const line of log) tale.hearLog(line);
  return tale;
}

const LOGIN = '1,,ui,say,==> qemu.mintmark: Connected to SSH!';

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

test('what Packer says once it has given up is about itself', () => {
  const tale = taleOf([
    '1,,ui,error,==> qemu.mintmark: cannot reach the registry',
    '1,,ui,error,==> qemu.mintmark: Step "StepProvision" failed%!(PACKER_COMMA) aborting...',
    '1,,ui,error,==> qemu.mintmark: aborted: skipping cleanup of step "stepRun"',
  ]);
  expect(tale.lastLines).toEqual(['cannot reach the registry']);
  expect(tale.hasGivenUp).toBe(true);
});
