import { mkdir } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { interrupted } from '../../../src/host/command-failures.ts';
import type { Runner } from '../../../src/host/run.ts';
import { createSecretFilter } from '../../../src/host/secrets.ts';
import type { PackerRun } from '../../../src/packer/run-command.ts';
import { watchBuild } from '../../../src/workflows/watch-build.ts';
import { useScratchDirectory } from './scratch-directory.ts';
import { scriptedContext } from './scripted-runner.ts';

const scratch = useScratchDirectory('watch-build');

function packerRun(vm: string): PackerRun {
  const values = {
    base_disk: '/b',
    base_sha256: 'x',
    root_uuid: 'u',
    kernel: '/k',
    initrd: '/i',
    ssh_private_key_file: '/key',
    ssh_public_key_base64: 'eA==',
    output_directory: scratch.join('output'),
    run_directory: vm,
  };
  const directories = { projectDirectory: scratch.join('project'), cacheDirectory: scratch.join('packer') };
  return { packer: 'packer', ...directories, values, secrets: {}, environment: {} };
}

/** A Packer that says what it is told to say, and then works until it is ended. */
function endless(...lines: readonly string[]): Runner {
  return (spec, options = {}) =>
    new Promise((_, reject) => {
      expect(spec.deadlineMs).toBeGreaterThan(10_000);
      for (const line of lines) options.onLine?.(line, 'stdout');
      options.signal?.addEventListener('abort', () => reject(interrupted(spec)));
    });
}

async function watch(run: Runner, deadlineMs: number): Promise<void> {
  const vm = scratch.join('vm');
  await mkdir(vm);
  const { context } = scriptedContext(scratch.path, {}, { run });
  const build = {
    run: packerRun(vm),
    steps: [],
    directory: scratch.path,
    vm,
    deadlineMs,
    secrets: createSecretFilter([]),
    onProgress: () => {},
  };
  await watchBuild(build, context);
}

describe('a build that takes longer than it may', () => {
  test('is ended, and told with what may be the reason', async () => {
    const login = '1,,ui,say,==> qemu.mintmark: Connected to SSH!';
    await expect(watch(endless(login), 200)).rejects.toMatchObject({
      kind: 'command',
      code: 'E_COMMAND_TIMEOUT',
      message: 'Packer ran longer than 0 s and was ended, while no provisioner ran',
    });
  });
});
