import { describe, expect, test } from '@jest/globals';
import { checkDocument, withoutFaulty } from '../../../src/profiles/check-document.ts';

const lines = (document: unknown): string[] =>
  checkDocument(document).map(({ path, message }) => `${path} ${message}`);

describe('checkDocument', () => {
  test.each<[because: string, document: unknown, expected: string[]]>([
    ['every key is optional', {}, []],
    ['a list is no profile', [], ['. must be a mapping; found an empty list']],
    [
      'the sample of two mistakes',
      { disk: { sizeMib: 1 }, targets: { kvm: { format: 'qcow' } } },
      [
        '.disk.sizeMib unknown key; did you mean sizeMiB?',
        '.targets.kvm.format must be one of qcow2, raw, vhd, vhdx, vmdk, ova; found "qcow"',
      ],
    ],
    [
      'a target that does not exist',
      { targets: { vmwre: {} } },
      ['.targets.vmwre unknown key; did you mean vmware?'],
    ],
    [
      'a name that is a path',
      { name: 'a/b' },
      [
        '.name must be a name of lower-case letters, digits, dots and dashes, at most 63 characters; found "a/b"',
      ],
    ],
    [
      'a name that climbs',
      { line: 'a..b' },
      [
        '.line must be a name of lower-case letters, digits, dots and dashes, at most 63 characters; found "a..b"',
      ],
    ],
    [
      'an octal number lost its zero in YAML',
      { files: [{ path: '/a', content: '', mode: 644 }] },
      ['.files[0].mode must be text; found 644'],
    ],
    [
      'both content and source',
      { files: [{ path: '/a', content: '', source: 'b' }] },
      ['.files[0] must have exactly one of content and source; found both'],
    ],
    [
      'neither',
      { files: { replace: [{ path: '/a' }] } },
      ['.files.replace[0] must have exactly one of content and source; found neither'],
    ],
    [
      'a script twice',
      { provisioners: [{ type: 'shell', script: 'a', inline: 'b' }] },
      ['.provisioners[0] must have exactly one of script and inline; found both'],
    ],
    [
      'an unknown provisioner',
      { provisioners: [{ type: 'ansible' }] },
      ['.provisioners[0].type must be one of shell, file; found "ansible"'],
    ],
    [
      'a secret that is not declared as one',
      { provisioners: [{ type: 'shell', inline: 'x', env: { T: { fromEnv: 'X' } } }] },
      ['.provisioners[0].env.T.secret missing'],
    ],
    [
      'a secret that says it is none',
      { provisioners: [{ type: 'shell', inline: 'x', env: { T: { fromEnv: 'X', secret: false } } }] },
      ['.provisioners[0].env.T.secret must be true; found false'],
    ],
    [
      'a bad variable name',
      { provisioners: [{ type: 'shell', inline: 'x', env: { 'A-B': 'x' } }] },
      ['.provisioners[0].env["A-B"] must be a variable name of letters, digits and underscores; found "A-B"'],
    ],
    [
      'one file twice',
      {
        files: [
          { path: '/a', content: '' },
          { path: '/a', content: 'x' },
        ],
      },
      ['.files[1].path is the same as in .files[0]; found "/a"'],
    ],
    [
      'a package in and out',
      { packages: { include: ['ab'], exclude: ['ab'] } },
      ['.packages.exclude[0] is also in include; found "ab"'],
    ],
    [
      'a package twice',
      { packages: { include: ['ab', 'ab'] } },
      ['.packages.include[1] is the same as .packages.include[0]; found "ab"'],
    ],
    [
      'a package that is an option',
      { packages: { include: ['--reinstall'] } },
      ['.packages.include[0] must be a Debian package name, such as openssh-server; found "--reinstall"'],
    ],
    [
      'an address with a password',
      { os: { mirror: 'http://u:p@host/debian' } },
      [
        '.os.mirror must be an http, https or file URI without user name and spaces; found "http://u:p@host/debian"',
      ],
    ],
    [
      'a kernel argument that is code',
      { guest: { kernelArguments: ['$(x)'] } },
      [
        '.guest.kernelArguments[0] must be one word without quotes, spaces, $ and backslashes (consoles go into consoles); found "$(x)"',
      ],
    ],
    [
      'a key from nowhere',
      {
        os: {
          aptSources: [
            {
              name: 'v',
              uri: 'https://host/v',
              suites: ['x'],
              components: [],
              key: { sha256: 'a'.repeat(64) },
            },
          ],
        },
      },
      ['.os.aptSources[0].key must have exactly one of file and text; found neither'],
    ],
    [
      'sizes out of reason',
      { disk: { sizeMiB: 1 }, vm: { cpus: 0.5 } },
      ['.disk.sizeMiB must be at least 512; found 1', '.vm.cpus must be a whole number; found 0.5'],
    ],
  ])('%s', (_because, document, expected) => {
    expect(lines(document)).toEqual(expected);
  });

  test.each(['relative', '/a/../b', '/a//b', '/a/', '/', '/a\nb', ''])(
    'refuses %j as a guest path',
    (path) => {
      expect(lines({ files: [{ path, content: '' }] })).toHaveLength(1);
    },
  );

  test.each(['/etc/motd', '/a b/ü', '/..a/b..', '/.config'])('accepts %j as a guest path', (path) => {
    expect(lines({ files: [{ path, content: '' }] })).toEqual([]);
  });
});

describe('withoutFaulty', () => {
  test('takes out what is faulty and keeps the rest', () => {
    const document = {
      disk: { sizeMib: 1, swapMiB: 2 },
      files: { replace: [{ path: 'x', content: '' }] },
      line: 'ok',
    };
    const left = withoutFaulty(document, checkDocument(document));
    expect(left).toEqual({ disk: { swapMiB: 2 }, line: 'ok' });
  });
});
