import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { changeLine } from '../../../src/workflows/change-line.ts';
import { verifyCatalogue } from '../../../src/workflows/verify-catalogue.ts';
import { completeWithdrawals } from '../../../src/workflows/withdraw-files.ts';
import { scriptedContext } from './scripted-runner.ts';
import { fileSample, promoteSample, SAMPLE_STAMP } from './sample-catalogue.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('meanwhile');

async function verify(): Promise<{ paths: string[]; notes: readonly string[] }> {
  const request = { catalogue: scratch.join('catalogue'), lines: [], metadata: false };
  const { findings, notes } = await verifyCatalogue(request, scriptedContext(scratch.path, {}).context);
  return { paths: findings.map(({ path, fault }) => `${path} ${fault}`), notes };
}

async function withdraw(): Promise<void> {
  const catalogue = scratch.join('catalogue');
  const long = await fileSample(catalogue, scratch.path, 'server');
  await fileSample(catalogue, scratch.path, 'server');
  await changeLine(catalogue, 'server', () => [
    { ...SAMPLE_STAMP, action: 'withdraw', long, reason: 'retention' },
  ]);
}

async function setWritable(directory: string, isWritable: boolean): Promise<void> {
  await chmod(scratch.path, 0o755);
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), isWritable ? 0o755 : 0o555);
  }
  await chmod(directory, isWritable ? 0o755 : 0o555);
}

const NOBODY = 65_534;

/** Runs something with the rights of an ordinary user. */
async function asOther(action: () => Promise<void>): Promise<void> {
  process.seteuid?.(NOBODY);
  try {
    await action();
  } finally {
    process.seteuid?.(0);
  }
}

async function verifyAgainAndAgain(): Promise<string[]> {
  const found: string[] = [];
  for (let round = 0; round < 20; round += 1) found.push(...(await verify()).paths);
  return found;
}

describe('while others change the catalogue', () => {
  test('nothing of what they do looks like damage', async () => {
    const catalogue = scratch.join('catalogue');
    await fileSample(catalogue, scratch.path, 'server');
    const change = async (): Promise<void> => {
      for (let round = 0; round < 8; round += 1) {
        await promoteSample(catalogue, 'server', await fileSample(catalogue, scratch.path, 'server'));
      }
    };
    const [found] = await Promise.all([verifyAgainAndAgain(), change()]);
    expect(found).toEqual([]);
  });
});

describe('a catalogue that cannot be written', () => {
  // The superuser writes everywhere: permissions stop nobody there.
  const asNobody =
    process.getuid?.() === 0 ? asOther : (action: () => Promise<void>): Promise<void> => action();

  test('is told what a change left undone, and stays as it is', async () => {
    await withdraw();
    await completeWithdrawals(scratch.join('catalogue'), 'server');
    await rm(scratch.join('catalogue/lines/server/index.json'));
    await setWritable(scratch.join('catalogue'), false);
    try {
      await asNobody(async () => {
        const { paths, notes } = await verify();
        expect(paths).toEqual([]);
        expect(notes).toEqual(['lines/server/index.json was not there: the next change completes it']);
      });
    } finally {
      await setWritable(scratch.join('catalogue'), true);
    }
  });
});

describe('a withdrawn release', () => {
  const gone = 'releases/server/26.11.21-1.1';

  test('is as it should be when its files are gone', async () => {
    await withdraw();
    await completeWithdrawals(scratch.join('catalogue'), 'server');
    expect(await verify()).toEqual({ paths: [], notes: [] });
  });

  test('whose withdrawal was killed is completed', async () => {
    await withdraw();
    const notes = ['the withdrawal of server 26.11.21-1.1 was killed: completed'];
    expect(await verify()).toEqual({ paths: [], notes });
    expect(await verify()).toEqual({ paths: [], notes: [] });
  });

  test.each([
    { file: 'withdrawn.json', fault: 'is gone', because: 'nobody could say why the files are gone' },
    { file: 'release.json', fault: 'is gone', because: 'nobody could say what it was' },
    { file: 'packages.txt', fault: 'is gone', because: 'nobody could compare with it' },
  ])('needs $file: $because', async ({ file, fault }) => {
    await withdraw();
    await completeWithdrawals(scratch.join('catalogue'), 'server');
    await rm(scratch.join('catalogue', gone, file));
    expect((await verify()).paths).toEqual([`${gone}/${file} ${fault}`]);
  });

  test('has nothing else, and what somebody put there stays', async () => {
    await withdraw();
    await completeWithdrawals(scratch.join('catalogue'), 'server');
    await scratch.write(`catalogue/${gone}/notes.txt`, 'mine');
    expect((await verify()).paths).toEqual([`${gone}/notes.txt does not belong to a withdrawn release`]);
    expect(await scratch.read(`catalogue/${gone}/notes.txt`)).toBe('mine');
  });
});
