import { rm } from 'node:fs/promises';
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

describe('while others change the catalogue', () => {
  test('nothing of what they do looks like damage', async () => {
    const catalogue = scratch.join('catalogue');
    await fileSample(catalogue, scratch.path, 'server');
    let isOver = false;
    const changes = (async () => {
      for (let round = 0; round < 8; round += 1) {
        await promoteSample(catalogue, 'server', await fileSample(catalogue, scratch.path, 'server'));
      }
      isOver = true;
    })();
    const found: string[] = [];
    while (!isOver) found.push(...(await verify()).paths);
    await changes;
    expect(found).toEqual([]);
  });
});

describe('a withdrawn release', () => {
  const gone = 'releases/server/26.11.21-1.1';

  async function withdraw(): Promise<void> {
    const catalogue = scratch.join('catalogue');
    const long = await fileSample(catalogue, scratch.path, 'server');
    await fileSample(catalogue, scratch.path, 'server');
    await changeLine(catalogue, 'server', () => [
      { ...SAMPLE_STAMP, action: 'withdraw', long, reason: 'retention' },
    ]);
  }

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
