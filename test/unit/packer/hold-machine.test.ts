import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { run } from '../../../src/host/run.ts';
import { holdMachine, MACHINE_HELD } from '../../../src/packer/hold-machine.ts';
import { useScratchDirectory } from '../workflows/scratch-directory.ts';

const scratch = useScratchDirectory('hold');

/** A pretended Packer that ends with an exit code, held as the real one is. */
async function hold(exitCode: number, onHeld: () => void): Promise<{ exitCode: number; heard: string[] }> {
  const packer = { command: 'sh', args: ['-c', `exit ${exitCode}`], deadlineMs: 20_000 };
  const heard: string[] = [];
  const result = await run(holdMachine(packer, scratch.join('qemu.pid')), {
    okExitCodes: [0, exitCode],
    onLine: (line) => {
      heard.push(line);
      if (line === MACHINE_HELD) onHeld();
    },
  });
  return { exitCode: result.exitCode, heard };
}

describe('a Packer whose machine is held', () => {
  test.each([
    { exitCode: 0, because: 'it did its work' },
    { exitCode: 1, because: 'it failed before there was a machine' },
  ])('ends at once with $exitCode: $because', async ({ exitCode }) => {
    expect(await hold(exitCode, () => {})).toEqual({ exitCode, heard: [] });
  });

  test('that is gone already ends at once', async () => {
    await scratch.write('qemu.pid', '999999999\n');
    expect(await hold(1, () => {})).toEqual({ exitCode: 1, heard: [] });
  });

  test('waits until somebody has ended the machine, and keeps its exit code', async () => {
    const machine = spawn('sleep', ['600']);
    await writeFile(scratch.join('qemu.pid'), `${machine.pid}\n`);
    const held = await hold(3, () => machine.kill('SIGKILL'));
    expect(held).toEqual({ exitCode: 3, heard: [MACHINE_HELD] });
  });
});
