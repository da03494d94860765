import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../../src/errors/failure.ts';
import { BUILT_IN_PROFILES } from '../../../src/profiles/built-in.ts';
import { digestProfileFiles, loadProfile } from '../../../src/workflows/load-profile.ts';

const workingDirectory = join(import.meta.dirname, '../../fixtures/profiles');
let scratch = '';

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'mintmark-profiles-'));
});
afterAll(() => rm(scratch, { recursive: true }));

async function failureOf(reference: string, directory = workingDirectory): Promise<string[]> {
  const error: unknown = await loadProfile({ reference, workingDirectory: directory }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Failure)) throw error ?? new Error('did not fail');
  return [error.code, error.message, ...error.details];
}

describe('loadProfile', () => {
  test.each(Object.keys(BUILT_IN_PROFILES))('built-in %s, with files that exist', async (reference) => {
    const { profile } = await loadProfile({ reference });
    expect(profile.name).toBe(reference);
    expect((await digestProfileFiles(profile, reference)).size).toBeGreaterThan(3);
  });

  test('a file that extends a file that extends a built-in', async () => {
    const { profile, sources, secrets } = await loadProfile({ reference: 'web.json', workingDirectory });
    expect(profile.name).toBe('web');
    expect(sources).toEqual([
      'built-in os:debian-13',
      'built-in stack:server',
      'built-in target:kvm',
      'built-in server',
      'base.yaml',
      'web.json',
    ]);
    expect(profile.packages.include).toEqual(expect.arrayContaining(['htop', 'jq', 'sudo', 'nginx']));
    expect(profile.files.slice(-2)).toEqual([
      { path: '/etc/motd', content: 'web\n', mode: '0644' },
      { path: '/etc/issue', source: join(workingDirectory, 'files/issue.txt'), mode: '0644' },
    ]);
    expect(profile.provisioners.at(-1)).toMatchObject({ env: { MODE: `\${not} {{code}} 'at' "all"` } });
    expect(secrets).toEqual([
      { path: '.provisioners[1].env.TOKEN', provisioner: 1, name: 'TOKEN', fromEnv: 'WEB_TOKEN' },
    ]);
  });

  test('a document that is reached twice counts where it was reached first', async () => {
    await writeFile(join(scratch, 'base.yaml'), 'extends: server\n');
    await writeFile(join(scratch, 'twice.yaml'), 'extends: [kvm, server, base.yaml]\n');
    const { sources } = await loadProfile({ reference: 'twice.yaml', workingDirectory: scratch });
    expect(sources.filter((source) => source === 'built-in server')).toHaveLength(1);
    expect(sources.slice(-4)).toEqual(['built-in target:kvm', 'built-in server', 'base.yaml', 'twice.yaml']);
  });

  test.each<[because: string, reference: string, expected: string[]]>([
    ['an unknown name', 'sever', ['E_PROFILE_UNKNOWN', 'there is no profile "sever"; did you mean server?']],
    [
      'a path where a name is meant',
      '../kvm',
      [
        'E_PROFILE_UNKNOWN',
        'a profile must be the name of a profile, or a file ending in .yaml, .yml or .json; found "../kvm"',
      ],
    ],
    [
      'a fragment',
      'os:debian-12',
      ['E_PROFILE_UNKNOWN', 'os:debian-12 is a part of profiles, not a profile; extend it in a profile file'],
    ],
    [
      'a missing file',
      'no.yaml',
      ['E_PROFILE_UNKNOWN', `profile "no.yaml": there is no file ${join(workingDirectory, 'no.yaml')}`],
    ],
    [
      'two slips of the fingers',
      'edge.yaml',
      [
        'E_PROFILE_INVALID',
        'edge.yaml has 2 faults',
        '.disk.sizeMib        unknown key; did you mean sizeMiB?',
        '.targets.kvm.format  must be one of qcow2, raw, vhd, vhdx, vmdk, ova; found "qcow"',
      ],
    ],
    [
      'faults in two files',
      'on-edge.yaml',
      [
        'E_PROFILE_INVALID',
        'on-edge.yaml has 3 faults',
        '.disk.sizeMib        unknown key; did you mean sizeMiB? (in edge.yaml)',
        '.targets.kvm.format  must be one of qcow2, raw, vhd, vhdx, vmdk, ova; found "qcow" (in edge.yaml)',
        '.disk.layout         must be one of bios, uefi, hybrid; found "ufi"',
      ],
    ],
    [
      'profiles that extend each other',
      'loop-a.yaml',
      [
        'E_PROFILE_INVALID',
        'loop-b.yaml has 1 fault',
        '.extends[1]  profiles extend each other in a circle: loop-a.yaml → loop-b.yaml → loop-a.yaml',
      ],
    ],
  ])('%s', async (_because, reference, expected) => {
    expect(await failureOf(reference)).toEqual(expected);
  });

  test.each<[because: string, content: string | Uint8Array, expected: string]>([
    ['an unknown parent', 'extends: sever\n', '.extends  there is no profile "sever"; did you mean server?'],
    ['a missing parent', 'extends: ./no.yaml\n', '.extends  there is no file '],
    ['a parent that is no name', 'extends: [a/b]\n', '.extends[0]  must be the name of a profile'],
    ['not YAML', 'a: [', '.  line 1, column 5: Flow sequence'],
    ['a list', '- a\n', '.  must be a mapping; found a list'],
    ['an empty file', '', '.  must be a mapping; found nothing (null)'],
    ['NUL', 'description: "a\\0b"\n', '.description  holds a NUL character'],
  ])('refuses %s', async (_because, content, expected) => {
    await writeFile(join(scratch, 'bad.yaml'), content);
    const [code, , ...details] = await failureOf('bad.yaml', scratch);
    expect(code).toBe('E_PROFILE_INVALID');
    expect(details.join('\n')).toContain(expected);
  });

  test.each<[because: string, content: Uint8Array]>([
    ['Latin-1', Buffer.from('description: caf\xe9\n', 'latin1')],
    ['UTF-16', Buffer.from('\ufeffdescription: x\n', 'utf16le')],
  ])('refuses %s instead of changing it', async (_because, content) => {
    await writeFile(join(scratch, 'encoded.yaml'), content);
    expect((await failureOf('encoded.yaml', scratch))[1]).toMatch(/is not UTF-8 text$/);
  });

  test('refuses a directory with a reason', async () => {
    await mkdir(join(scratch, 'folder.yaml'));
    expect((await failureOf('folder.yaml', scratch))[1]).toMatch(/cannot be read \(EISDIR\)$/);
  });
});

describe('digestProfileFiles', () => {
  test('names every missing file and a key that is not the pinned one', async () => {
    const document = {
      extends: 'server',
      files: [
        { path: '/a', source: 'missing' },
        { path: '/b', source: '.' },
      ],
      provisioners: [{ type: 'shell', script: 'missing.sh' }],
      os: {
        aptSources: [
          {
            name: 'vendor',
            uri: 'https://host/debian',
            suites: ['stable'],
            components: ['main'],
            key: { text: 'a key', sha256: '0'.repeat(64) },
          },
        ],
      },
    };
    await writeFile(join(scratch, 'files.json'), JSON.stringify(document));
    const { profile } = await loadProfile({ reference: 'files.json', workingDirectory: scratch });
    await expect(digestProfileFiles(profile, 'files.json')).rejects.toMatchObject({
      message: 'files.json has 4 faults',
      faults: [
        { path: '.files[4].source', message: `there is no such file; found "${join(scratch, 'missing')}"` },
        { path: '.files[5].source', message: `is not a file; found "${scratch}"` },
        {
          path: '.provisioners[1].script',
          message: `there is no such file; found "${join(scratch, 'missing.sh')}"`,
        },
        {
          path: '.os.aptSources[0].key.sha256',
          message: expect.stringMatching(/^is not the digest of the key; found [0-9a-f]{64}$/),
        },
      ],
    });
  });
});
