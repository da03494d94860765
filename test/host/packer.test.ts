import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { run } from '../../src/host/run.ts';
import { writeProject } from '../../src/workflows/render-project.ts';
import { validateProject } from '../../src/workflows/validate-project.ts';
import { GOLDEN_CASES, GOLDEN_DIALECTS, planGolden } from '../golden/golden-projects.ts';
import { PACKERS } from './installed-packers.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mintmark-packer-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

const signal = new AbortController().signal;

describe.each(GOLDEN_DIALECTS)('the real Packer of the $name dialect', (dialect) => {
  const packer = PACKERS[dialect.name];
  const withPacker = packer === undefined ? test.skip : test;

  withPacker.each(GOLDEN_CASES)('accepts %s', async (name) => {
    const project = await planGolden(name, dialect);
    const projectDirectory = join(directory, dialect.name, name);
    await writeProject(project, projectDirectory);
    const request = {
      packer: packer?.path ?? '',
      projectDirectory,
      cacheDirectory: join(directory, 'cache'),
    };
    await validateProject(project, request, { run, signal, environment: process.env });
    expect(await formatted(request.packer, projectDirectory)).toBe('');
  });

  withPacker('refuses the same project with an option of the future', async () => {
    const project = await planGolden('server', dialect);
    const projectDirectory = join(directory, dialect.name, 'future');
    const files = project.files.map((file) =>
      'content' in file && file.path === 'mintmark.pkr.hcl'
        ? { ...file, content: file.content.replace('  cpus  ', '  not_yet = 1\n  cpus  ') }
        : file,
    );
    await writeProject({ files }, projectDirectory);
    const request = {
      packer: packer?.path ?? '',
      projectDirectory,
      cacheDirectory: join(directory, 'cache'),
    };
    await expect(
      validateProject(project, request, { run, signal, environment: process.env }),
    ).rejects.toThrow('source.qemu.mintmark.not_yet');
  });
});

/** Names of files that `packer fmt` would change; it exits with 3 for them. */
async function formatted(packer: string, projectDirectory: string): Promise<string> {
  const spec = { command: packer, args: ['fmt', '-check', projectDirectory], deadlineMs: 60_000 };
  const { stdout } = await run({ ...spec, env: { CHECKPOINT_DISABLE: '1' } }, { okExitCodes: [0, 3] });
  return stdout;
}
