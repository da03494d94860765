import { describe, expect, test } from '@jest/globals';
import { TOOLS } from '../../../src/host/tool-table.ts';
import {
  hasQemuOption,
  packerVersionCommand,
  parsePackerVersion,
  planDialect,
} from '../../../src/packer/dialect.ts';

test.each([
  {
    output: '1795258103,,version,1.6.6\n1795258103,,version-prelease,\n1,,ui,say,Packer v1.6.6\n',
    version: '1.6.6',
    because: "Debian's Packer prints no pre-release",
  },
  {
    output: '1,,version,1.16.0\n1,,version-prelease,\n',
    version: '1.16.0',
    because: 'newer ones print the same',
  },
  {
    output: '1,,version,1.17.0\n1,,version-prelease,dev\n',
    version: '1.17.0-dev',
    because: 'a build from source says so',
  },
])('reads $version: $because', ({ output, version }) => {
  expect(parsePackerVersion(output)).toBe(version);
});

test.each(['', 'Packer v1.6.6\n', 'usage: packer dictionary', '1,,ui,say,Packer v1.6.6'])(
  '%j is not HashiCorp Packer',
  (output) => {
    expect(() => parsePackerVersion(output)).toThrow(
      expect.objectContaining({ kind: 'host', code: 'E_PACKER_VERSION' }),
    );
  },
);

test('the probe makes no call home', () => {
  expect(packerVersionCommand('/opt/packer')).toMatchObject({
    command: '/opt/packer',
    env: { CHECKPOINT_DISABLE: '1' },
  });
});

describe('planDialect', () => {
  test.each([
    {
      version: '1.6.5',
      name: 'classic',
      because: 'the first that waits for machines without a communicator',
    },
    { version: '1.6.6', name: 'classic', because: "Debian's version" },
    { version: '1.10.0', name: 'modern', because: 'numbers compare as numbers' },
    { version: '1.16.0', name: 'modern', because: 'a current one' },
    { version: '1.17.0-dev', name: 'modern', because: 'a pre-release speaks the language of its release' },
    { version: '2.0.0', name: 'modern', because: 'we know no reason to refuse it' },
  ])('$version is $name: $because', ({ version, name }) => {
    expect(planDialect(version)).toEqual({ name, version });
  });

  test.each(['0.12.0', '1.5.6', '1.6.4', '1.7.0', '1.9.5'])(
    '%s is refused with a reason and a way out',
    (version) => {
      expect(() => planDialect(version)).toThrow(
        expect.objectContaining({
          code: 'E_PACKER_VERSION',
          message: expect.stringContaining(version),
          hint: expect.stringContaining('1.6.6'),
        }),
      );
    },
  );
});

test.each([
  { option: 'accelerator', classic: true, modern: true, because: 'always there' },
  { option: 'cpu_model', classic: false, modern: true, because: 'came with plugin 1.0.9' },
  {
    option: 'vnc_password',
    classic: false,
    modern: false,
    because: 'came with plugin 1.1.2, and 1.1.0 is allowed',
  },
  {
    option: 'no_such_option',
    classic: false,
    modern: false,
    because: 'Packer refuses what it does not know',
  },
])('$option: $because', ({ option, classic, modern }) => {
  expect(hasQemuOption(planDialect('1.6.6'), option)).toBe(classic);
  expect(hasQemuOption(planDialect('1.16.0'), option)).toBe(modern);
});

test('the oldest Packer that the table of tools accepts is the oldest with a dialect', () => {
  const minimum = TOOLS.find(({ program }) => program === 'packer')?.minimum;
  expect(minimum).toBe('1.6.5');
  expect(planDialect('1.6.5')).toMatchObject({ name: 'classic' });
  expect(() => planDialect('1.6.4')).toThrow(expect.objectContaining({ code: 'E_PACKER_VERSION' }));
});
