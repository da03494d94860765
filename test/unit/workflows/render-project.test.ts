import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { planDialect } from '../../../src/packer/dialect.ts';
import type { Profile } from '../../../src/profiles/profile.ts';
import { readAndPlanProject, writeProject } from '../../../src/workflows/render-project.ts';
import { readBackProject } from '../../../src/workflows/validate-project.ts';
import { goldenProfile, planGolden } from '../../golden/golden-projects.ts';

const CLASSIC = planDialect('1.6.6');
let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mintmark-render-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

test('a project lies in its directory whole, with the modes it was planned with', async () => {
  const source = join(directory, 'source');
  await writeFile(source, 'copied');
  await chmod(source, 0o600);
  const files = [
    { path: 'scripts/01-x.sh', mode: 0o755, content: '#!/bin/sh\n' },
    { path: 'files/01-x', mode: 0o644, copyOf: source },
  ];
  const target = join(directory, 'new', 'project');
  await writeProject({ files }, target);
  expect(await readFile(join(target, 'files/01-x'), 'utf8')).toBe('copied');
  expect((await stat(join(target, 'scripts/01-x.sh'))).mode & 0o777).toBe(0o755);
  expect((await stat(join(target, 'files/01-x'))).mode & 0o777).toBe(0o644);
  expect(await readdir(join(directory, 'new'))).toEqual(['project']);
});

test('a directory that holds something is left as it is', async () => {
  await writeFile(join(directory, 'mine'), '');
  await expect(writeProject({ files: [] }, directory)).rejects.toMatchObject({
    kind: 'usage',
    code: 'E_OUTPUT_EXISTS',
  });
  expect(await readdir(directory)).toEqual(['mine']);
});

test('a project that cannot be written leaves nothing', async () => {
  const files = [
    { path: 'a', mode: 0o644, content: 'a' },
    { path: 'b', copyOf: join(directory, 'missing') },
  ];
  await expect(writeProject({ files }, join(directory, 'project'))).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await readdir(directory)).toEqual([]);
});

test('scripts that cannot be read are faults of the profile, all at once', async () => {
  const binary = join(directory, 'binary');
  await writeFile(binary, Buffer.from([0x23, 0xff]));
  const step = { type: 'shell' as const, name: 'x', env: {}, timeoutSeconds: 1, retries: 0 };
  const profile: Profile = {
    ...(await goldenProfile('server')),
    provisioners: [
      { ...step, script: join(directory, 'missing') },
      { ...step, script: binary },
      { ...step, script: directory },
    ],
  };
  await expect(readAndPlanProject(profile, CLASSIC)).rejects.toMatchObject({
    faults: [
      { path: '.provisioners[0].script', message: expect.stringContaining('ENOENT') },
      { path: '.provisioners[1].script', message: expect.stringContaining('UTF-8') },
      { path: '.provisioners[2].script', message: expect.stringContaining('EISDIR') },
    ],
  });
});

test('HCL that says something else than was meant is a bug', async () => {
  const project = await planGolden('server', CLASSIC);
  const target = join(directory, 'project');
  await writeProject(project, target);
  await readBackProject(project, target);
  const main = join(target, 'mintmark.pkr.hcl');
  await writeFile(
    main,
    (await readFile(main, 'utf8')).replace('headless          = true', 'headless          = false'),
  );
  await expect(readBackProject(project, target)).rejects.toThrow(/source\.qemu\.mintmark\.headless/);
});
