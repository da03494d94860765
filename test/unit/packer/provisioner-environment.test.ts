import { describe, expect, test } from '@jest/globals';
import type { Fault } from '../../../src/errors/fault.ts';
import { HclTemplate } from '../../../src/hcl/template.ts';
import { planEnvironment } from '../../../src/packer/provisioner-environment.ts';
import type { EnvironmentValue } from '../../../src/profiles/profile.ts';

const plan = (env: Record<string, EnvironmentValue>) => {
  const faults: Fault[] = [];
  return { ...planEnvironment(env, '.env', faults), faults };
};
const KIB = 1024;

describe('how a value travels', () => {
  test.each([
    { value: 'plain', way: 'command line', because: 'nothing speaks against it' },
    { value: "it's ${x} %{y}\n", way: 'command line', because: 'HCL and shell quoting carry it' },
    { value: 'x'.repeat(64 * KIB), way: 'command line', because: '64 KiB fit' },
    { value: '{{ .X }}', way: 'variable file', because: 'a command line is rendered until nothing changes' },
    { value: 'e\u0301', way: 'script', because: 'HCL would compose it' },
    { value: '\u0338', way: 'script', because: 'it would join the equals sign before it' },
    { value: 'x'.repeat(300 * KIB), way: 'script', because: 'no argument may be that long' },
    {
      value: "'".repeat(30 * KIB),
      way: 'script',
      because: 'every quote takes five characters on the command line',
    },
  ])('by $way because $because', ({ value, way }) => {
    const { variables, asFile, embedded, faults } = plan({ V: value });
    expect(faults).toEqual([]);
    expect(embedded).toEqual(way === 'script' ? [{ name: 'V', value }] : []);
    expect(variables).toHaveLength(way === 'script' ? 0 : 1);
    expect(asFile).toBe(way === 'variable file');
  });

  test('values that fit alone but not together are told apart', () => {
    const { variables, embedded } = plan({ A: 'a'.repeat(60 * KIB), B: 'b'.repeat(60 * KIB), C: 'c' });
    expect(variables).toEqual([expect.stringMatching(/^A=a/), 'C=c']);
    expect(embedded.map(({ name }) => name)).toEqual(['B']);
  });

  test('a secret is a reference, and never on a command line', () => {
    expect(plan({ TOKEN: { fromEnv: 'CI_TOKEN', secret: true }, A: 'a' })).toMatchObject({
      variables: ['A=a', new HclTemplate('TOKEN=${local.secret_CI_TOKEN}')],
      asFile: true,
    });
  });
});

test('all faults are reported, each with its path', () => {
  expect(
    plan({ 'NOT A NAME': 'x', NUL: 'a\0b', HALF: '\ud800', S: { fromEnv: 'x-y', secret: true } }).faults,
  ).toEqual([
    { path: '.env.NOT A NAME', message: expect.stringContaining('no name') },
    { path: '.env.NUL', message: 'holds a NUL character' },
    { path: '.env.HALF', message: expect.stringContaining('surrogate') },
    { path: '.env.S', message: expect.stringContaining('"x-y"') },
  ]);
});
