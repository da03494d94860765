import { describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../../src/errors/failure.ts';
import { InvalidDocument } from '../../../src/errors/fault.ts';
import { BUILT_IN_PROFILES, FRAGMENTS } from '../../../src/profiles/built-in.ts';
import { checkDocument } from '../../../src/profiles/check-document.ts';
import { resolveBuiltIn } from './resolve-built-in.ts';

function faultsOf(action: () => unknown): string[] {
  try {
    action();
  } catch (error) {
    if (error instanceof InvalidDocument)
      return error.faults.map(({ path, message }) => `${path} ${message}`);
    throw error;
  }
  return [];
}

/** What a profile shares with its siblings: all but its name and what its targets bring. */
function sharedPart(name: string): object {
  const { profile } = resolveBuiltIn(name);
  const include = new Set(profile.packages.include);
  return { ...profile, name: '', description: '', targets: {}, packages: { ...profile.packages, include } };
}

describe('built-ins', () => {
  test.each(Object.entries({ ...FRAGMENTS, ...BUILT_IN_PROFILES }))(
    '%s is a valid document',
    (_name, document) => {
      expect(checkDocument(document)).toEqual([]);
    },
  );

  test.each<[name: string, expected: object]>([
    [
      'server',
      {
        line: 'server',
        suite: 'trixie',
        kernel: 'linux-image-cloud-amd64',
        sizeMiB: 4096,
        targets: ['kvm'],
        template: 'server',
        sshPort: 22,
      },
    ],
    [
      'systemvm',
      {
        line: 'cosmic-systemvm',
        suite: 'bookworm',
        kernel: 'linux-image-amd64',
        sizeMiB: 5000,
        targets: ['kvm', 'xenserver', 'vmware', 'hyperv'],
        template: 'cosmic-systemvm',
        sshPort: 3922,
      },
    ],
    [
      'kvm',
      {
        line: 'cosmic-systemvm',
        suite: 'bookworm',
        kernel: 'linux-image-amd64',
        sizeMiB: 5000,
        targets: ['kvm'],
        template: 'cosmic-systemvm',
        sshPort: 3922,
      },
    ],
  ])('%s', (name, expected) => {
    const { profile } = resolveBuiltIn(name);
    const { line, os, packages, disk, targets, template, guest } = profile;
    expect({
      line,
      suite: os.suite,
      kernel: packages.kernel,
      sizeMiB: disk.sizeMiB,
      targets: Object.keys(targets),
      template: template.name,
      sshPort: guest.sshPort,
    }).toEqual(expected);
  });

  test('systemvm and its four single targets share one recipe but for the targets', () => {
    for (const name of ['kvm', 'xenserver', 'vmware', 'hyperv'])
      expect(sharedPart(name)).toEqual(sharedPart('systemvm'));
  });

  test('name scripts and files that exist, and no script lies unused', () => {
    const directory = join(import.meta.dirname, '../../../provisioners');
    const named = ['server', 'systemvm'].flatMap((name) => {
      const { files, provisioners } = resolveBuiltIn(name).profile;
      return [
        ...files.map((file) => file.source),
        ...provisioners.map((step) => (step.type === 'shell' ? step.script : step.source)),
      ];
    });
    const present = readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).replace(directory, '/repository/provisioners'))
      .filter((path) => /\/(?:server|systemvm)\//.test(path));
    expect(new Set(named)).toEqual(new Set(present));
  });
});

describe('resolveProfile', () => {
  test('fills in every default', () => {
    const { profile } = resolveBuiltIn('server', {
      own: {
        files: [{ path: '/a', content: 'x' }],
        provisioners: [
          { type: 'shell', script: 'do it.sh' },
          { type: 'shell', inline: 'x' },
          { type: 'file', source: 'b', destination: '/b' },
        ],
      },
    });
    expect(profile).toMatchObject({
      name: 'own',
      line: 'own',
      description: 'Profile own',
      template: { name: 'own' },
    });
    expect(profile.files.at(-1)).toEqual({ path: '/a', content: 'x', mode: '0644' });
    expect(profile.provisioners.slice(1)).toEqual([
      {
        type: 'shell',
        name: 'do it.sh',
        script: '/profiles/do it.sh',
        env: {},
        timeoutSeconds: 900,
        retries: 0,
      },
      { type: 'shell', name: 'inline script', inline: 'x', env: {}, timeoutSeconds: 900, retries: 0 },
      { type: 'file', name: 'copy b', source: '/profiles/b', destination: '/b' },
    ]);
    expect(profile.targets).toEqual({
      kvm: { format: 'qcow2', compression: 'zlib', compat: '1.1', outer: 'none', missing: 'fail', also: [] },
    });
  });

  test.each([
    'plain',
    `'"\`$HOME \${x} {{y}} %{if} \\n`,
    'a\nb\r\n\tc',
    '💿👩‍🔧',
    'e\u0301\u212b',
    ' \u2028 ',
    'x'.repeat(64 * 1024),
    'ü'.repeat(150 * 1024),
  ])('carries text unchanged (%#)', (text) => {
    const own = {
      files: [{ path: '/a', content: text }],
      provisioners: [{ type: 'shell', inline: text, env: { A: text } }],
    };
    const { profile } = resolveBuiltIn('server', { own });
    expect(profile.files.at(-1)).toMatchObject({ content: text });
    expect(profile.provisioners.at(-1)).toMatchObject({ inline: text, env: { A: text } });
  });

  test('says where each value came from', () => {
    const { origins, sources } = resolveBuiltIn('server', {
      own: { disk: { sizeMiB: 8192 } },
      set: ['vm.cpus=4'],
    });
    expect(sources).toEqual([
      'built-in os:debian-13',
      'built-in stack:server',
      'built-in target:kvm',
      'built-in server',
      'own.yaml',
    ]);
    const of = (path: string): string | undefined => origins.get(path);
    expect(of('.os.suite')).toBe('built-in os:debian-13');
    expect(of('.packages.kernel')).toBe('built-in stack:server');
    expect(of('.disk.sizeMiB')).toBe('own.yaml');
    expect(of('.vm.cpus')).toBe('--set');
    expect(of('.vm.memoryMiB')).toBe('default');
  });

  test.each<[because: string, options: Parameters<typeof resolveBuiltIn>[1], expected: object]>([
    [
      '--target brings agent and kernel, and drops the others',
      { targets: ['vmware'] },
      { targets: ['vmware'], kernel: 'linux-image-amd64', agents: ['open-vm-tools'] },
    ],
    [
      'a target in a file does the same',
      { own: { targets: { hyperv: {} } } },
      {
        targets: ['kvm', 'hyperv'],
        kernel: 'linux-image-amd64',
        agents: ['qemu-guest-agent', 'hyperv-daemons'],
      },
    ],
    [
      'several targets, in a fixed order',
      { targets: ['hyperv', 'kvm'] },
      {
        targets: ['kvm', 'hyperv'],
        kernel: 'linux-image-amd64',
        agents: ['qemu-guest-agent', 'hyperv-daemons'],
      },
    ],
    [
      '--target keeps what a file says about that target, and drops the rest',
      { targets: ['kvm'], own: { targets: { kvm: { outer: 'gz' }, vmware: {} } } },
      { targets: ['kvm'], kernel: 'linux-image-cloud-amd64', agents: ['qemu-guest-agent'] },
    ],
  ])('%s', (_because, options, expected) => {
    const { profile } = resolveBuiltIn('server', options);
    const agents = ['qemu-guest-agent', 'open-vm-tools', 'hyperv-daemons'];
    expect({
      targets: Object.keys(profile.targets),
      kernel: profile.packages.kernel,
      agents: agents.filter((agent) => profile.packages.include.includes(agent)),
    }).toEqual(expected);
  });

  test('a kernel that a person chose is not switched but refused', () => {
    const own = { packages: { kernel: 'linux-image-cloud-amd64' } };
    expect(faultsOf(() => resolveBuiltIn('server', { own, targets: ['xenserver'] }))).toEqual([
      '.packages.kernel lacks drivers that xenserver needs; use linux-image-amd64; found "linux-image-cloud-amd64"',
    ]);
  });

  test('an unknown target is a mistake on the command line', () => {
    const message = 'there is no target "vmwre"; did you mean vmware?';
    expect(() => resolveBuiltIn('server', { targets: ['vmwre'] })).toThrow(
      new Failure('usage', 'E_TARGET_UNKNOWN', message),
    );
  });

  test('tells the faults of the document and of the whole profile at once', () => {
    const own = { disk: { sizeMib: 1, swapMiB: 4090 }, packages: { kernel: 'linux-image-arm64' }, lin: 'x' };
    expect(faultsOf(() => resolveBuiltIn('server', { own, set: ['vm.cpu=2'] }))).toEqual([
      '.lin unknown key; did you mean line?',
      '.disk.sizeMib unknown key; did you mean sizeMiB?',
      '.vm.cpu unknown key; did you mean cpus? (--set)',
      '.packages.kernel must be a kernel for amd64; found "linux-image-arm64"',
      '.disk.swapMiB leaves less than 512 MiB of 4096 for the root; found 4090',
    ]);
  });
});

describe('--set', () => {
  test.each<
    [
      because: string,
      set: string[],
      read: (profile: ReturnType<typeof resolveBuiltIn>['profile']) => unknown,
      expected: unknown,
    ]
  >([
    ['a number', ['disk.sizeMiB=8192'], (p) => p.disk.sizeMiB, 8192],
    ['a leading dot', ['.disk.sizeMiB=8192'], (p) => p.disk.sizeMiB, 8192],
    ['the later one wins', ['vm.cpus=3', 'vm.cpus=4'], (p) => p.vm.cpus, 4],
    ['a list', ['guest.consoles=[ttyS1]'], (p) => p.guest.consoles, ['ttyS1']],
    ['a whole adding list', ['packages.include=[jq]'], (p) => p.packages.include, ['jq']],
    [
      'the same in the words of a file',
      ['packages.include={replace: [jq]}'],
      (p) => p.packages.include,
      ['jq'],
    ],
    ['one more package', ['packages.include+=jq'], (p) => p.packages.include.at(-1), 'jq'],
    [
      'several more',
      ['packages.include+=[jq, sudo]'],
      (p) => p.packages.include.filter((n) => n === 'sudo').length,
      1,
    ],
    ['a package less', ['packages.exclude+=sudo'], (p) => p.packages.include.includes('sudo'), false],
    [
      'one more of another list',
      ['finish.keepLocales+=de'],
      (p) => p.finish.keepLocales,
      ['en', 'en_US', 'de'],
    ],
    [
      'an entry by its index',
      ['provisioners[0].retries=2'],
      (p) => p.provisioners[0],
      expect.objectContaining({ retries: 2 }),
    ],
    [
      'a key that does not exist yet',
      ['provisioners[0].env.A=a=b'],
      (p) => p.provisioners[0],
      expect.objectContaining({ env: { A: 'a=b' } }),
    ],
    ['quoted text', ['template.name="26"'], (p) => p.template.name, '26'],
    [
      'a file, as seen from here',
      ['provisioners[0].script=x.sh'],
      (p) => p.provisioners[0],
      expect.objectContaining({ script: '/here/x.sh' }),
    ],
    [
      'another format drops what belonged to the first',
      ['targets.kvm.format=raw'],
      (p) => p.targets.kvm,
      { format: 'raw', compression: 'none', outer: 'none', missing: 'fail', also: [] },
    ],
  ])('%s', (_because, set, read, expected) => {
    expect(read(resolveBuiltIn('server', { set }).profile)).toEqual(expected);
  });

  test.each<[because: string, set: string, expected: string]>([
    ['a near miss', 'disk.sizeMib=1', '.disk.sizeMib unknown key; did you mean sizeMiB? (--set)'],
    ['a wrong type', 'disk.sizeMiB=big', '.disk.sizeMiB must be a whole number; found "big" (--set)'],
    ['no value', 'disk.sizeMiB=', '.disk.sizeMiB must be a whole number; found nothing (null) (--set)'],
    ['no equals sign', 'disk.sizeMiB', '. must be path=value or path+=value; found "disk.sizeMiB" (--set)'],
    ['no path', '=1', '. must be path=value or path+=value; found "=1" (--set)'],
    [
      'a broken path',
      'disk..sizeMiB=1',
      '. must be path=value or path+=value; found "disk..sizeMiB=1" (--set)',
    ],
    [
      'no such entry',
      'provisioners[7].retries=1',
      '.provisioners[7] there is no such entry; the list has 1 (--set)',
    ],
    ['a list by a key', 'files.path=1', '.files.path there is no such entry; the list has 4 (--set)'],
    ['adding to what is no list', 'disk.sizeMiB+=1', '.disk.sizeMiB is not a list; += adds to lists (--set)'],
    ['what is decided before', 'extends=kvm', '.extends cannot be set from the command line (--set)'],
    [
      'broken YAML',
      'guest.consoles=[a',
      '.guest.consoles line 1, column 3: Flow sequence must end with a ] (--set)',
    ],
  ])('refuses %s', (_because, set, expected) => {
    expect(faultsOf(() => resolveBuiltIn('server', { set: [set] }))).toEqual([expected]);
  });
});
