import { describe, expect, test } from '@jest/globals';
import { InvalidDocument } from '../../../src/errors/fault.ts';
import { planDialect } from '../../../src/packer/dialect.ts';
import { MAIN_FILE, planPackerProject, variableNames } from '../../../src/packer/project.ts';
import { checkReadBack } from '../../../src/packer/read-back.ts';
import type { Profile } from '../../../src/profiles/profile.ts';
import { goldenProfile } from '../../golden/golden-projects.ts';
import { readAndPlanProject } from '../../../src/workflows/render-project.ts';

const CLASSIC = planDialect('1.6.6');
const MODERN = planDialect('1.16.0');
const TEMPLATES = { 'mintmark.pkr.hcl': '', 'plugins.pkr.hcl': '', 'README.md': '' };

const faultsOf = (profile: Profile): readonly unknown[] => {
  try {
    planPackerProject(profile, { dialect: CLASSIC, templates: TEMPLATES, scripts: new Map() });
    return [];
  } catch (error) {
    if (error instanceof InvalidDocument) return error.faults;
    throw error;
  }
};

const server = await goldenProfile('server');
const bare: Profile = { ...server, files: [], provisioners: [] };

test('every value that Packer could not carry is reported at once', () => {
  const profile: Profile = {
    ...bare,
    os: { ...bare.os, architecture: 'arm64' },
    files: [{ path: '/a\0b', content: 'x\0', mode: '12' }],
    provisioners: [
      { type: 'shell', name: 'nul', inline: 'a\0b', env: { V: '\0' }, timeoutSeconds: 1, retries: 0 },
      {
        type: 'shell',
        name: 'python',
        inline: '#!/usr/bin/python3\n',
        env: { V: 'e\u0301' },
        timeoutSeconds: 1,
        retries: 0,
      },
      { type: 'shell', name: 'code', inline: '#!/bin/sh `id`\n', env: {}, timeoutSeconds: 1, retries: 0 },
      { type: 'file', name: 'up', source: '/a/b c', destination: '/etc/$(id)' },
    ],
  };
  expect(faultsOf(profile)).toEqual([
    { path: '.os.architecture', message: expect.stringContaining('arm64') },
    { path: '.provisioners[0].env.V', message: 'holds a NUL character' },
    { path: '.provisioners[0].inline', message: 'holds a NUL character' },
    { path: '.provisioners[1].env.V', message: expect.stringContaining('/usr/bin/python3') },
    { path: '.provisioners[2].inline', message: expect.stringContaining('#! line') },
    { path: '.provisioners[3].source', message: expect.stringContaining('"b c"') },
    { path: '.provisioners[3].destination', message: expect.stringContaining('"/etc/$(id)"') },
    { path: '.files[0].path', message: 'holds a NUL character' },
    { path: '.files[0].content', message: 'holds a NUL character' },
    { path: '.files[0].mode', message: expect.stringContaining('"12"') },
  ]);
});

describe.each([CLASSIC, MODERN])('$name', (dialect) => {
  test('a profile without files and provisioners is a project too', async () => {
    const project = await readAndPlanProject(bare, dialect);
    expect(project.steps).toEqual([]);
    expect(await checkReadBack(project, mainText(project))).toEqual([]);
  });

  test('what was meant can be read back from every golden case', async () => {
    const project = await readAndPlanProject(await goldenProfile('awkward'), dialect);
    expect(await checkReadBack(project, mainText(project))).toEqual([]);
    expect(variableNames(project)).toContain('secret_GOLDEN_TOKEN');
  });
});

test.each([
  {
    from: '"DOLLARS=$${x}',
    to: '"DOLLARS=${path.cwd}',
    path: 'build.provisioner.shell[2].environment_vars',
    because: 'a value became code',
  },
  {
    from: '  cpus         = 3',
    to: '  cpus         = 4',
    path: 'source.qemu.mintmark.cpus',
    because: 'an option changed',
  },
  {
    from: '  format             = "qcow2"\n',
    to: '',
    path: 'source.qemu.mintmark.format',
    because: 'an option is gone',
  },
  {
    from: '  sensitive   = true\n',
    to: '',
    path: 'variable.secret_GOLDEN_PASSWORD.sensitive',
    because: 'a secret would be shown',
  },
  {
    from: 'max_retries      = 2',
    to: 'max_retries      = 0',
    path: 'build.provisioner.shell[2].max_retries',
    because: 'a provisioner changed',
  },
])('reading back notices when $because', async ({ from, to, path }) => {
  const project = await readAndPlanProject(await goldenProfile('awkward'), CLASSIC);
  const text = mainText(project);
  expect(text).toContain(from);
  expect(
    (
      await checkReadBack(
        project,
        text.replace(from, () => to),
      )
    ).map((fault) => fault.path),
  ).toEqual([`${MAIN_FILE}: ${path}`]);
});

test('reading back notices an option that the Packer does not know', async () => {
  const project = await readAndPlanProject(bare, MODERN);
  const faults = await checkReadBack({ ...project, dialect: CLASSIC }, mainText(project));
  expect(faults).toEqual([
    { path: `${MAIN_FILE}: source.qemu.mintmark.cpu_model`, message: 'is unknown to Packer 1.6.6' },
  ]);
});

function mainText(project: { files: readonly { path: string }[] }): string {
  const file = project.files.find(({ path }) => path === MAIN_FILE);
  return file !== undefined && 'content' in file ? String(file.content) : '';
}
