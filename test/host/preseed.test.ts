import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findProgramIfAny } from '../../src/host/find-program.ts';
import { run } from '../../src/host/run.ts';
import { planPreseed } from '../../src/packer/preseed.ts';
import { goldenProfile } from '../golden/golden-projects.ts';

const checker = await findProgramIfAny('debconf-set-selections');
const withChecker = checker === undefined ? describe.skip : describe;
if (checker === undefined) process.stderr.write('skipped: preseed files: no debconf-set-selections\n');

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mintmark-preseed-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Lets debconf read a preseed file; its complaints, which do not always change its exit code. */
async function check(text: string): Promise<string> {
  const file = join(directory, 'preseed.cfg');
  await writeFile(file, text);
  const spec = { command: checker ?? '', args: ['--checkonly', file], deadlineMs: 60_000 };
  const { stdout, stderr } = await run(spec, { okExitCodes: [0, 1] });
  return stdout + stderr;
}

withChecker('the real debconf', () => {
  test.each(['server', 'kvm'])('reads the preseed of %s', async (name) => {
    const template = await readFile(
      join(import.meta.dirname, '../../http-preseed/debian.preseed.hbs'),
      'utf8',
    );
    const profile = await goldenProfile(name);
    const text = planPreseed(
      { ...profile, packages: { ...profile.packages, exclude: [] } },
      { template, mirror: 'http://mirror.example/debian' },
    );
    expect(await check(text)).toBe('');
  });

  test('would have said so of a broken one', async () => {
    expect(await check('d-i only-a-question\n')).toContain('parse error');
    expect(await check('d-i a/b strin c\n')).toContain('Unknown type');
  });
});
