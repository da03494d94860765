import { describe, expect, test } from '@jest/globals';
import { parseProfileReference } from '../../../src/profiles/profile-reference.ts';

describe('parseProfileReference', () => {
  test.each<[because: string, text: string, expected: object]>([
    ['a built-in', 'kvm', { kind: 'built-in', name: 'kvm' }],
    ['a fragment', 'os:debian-13', { kind: 'fragment', name: 'os:debian-13' }],
    ['a file beside us', 'edge.yaml', { kind: 'file', path: 'edge.yaml' }],
    ['a file elsewhere', '../a b/edge.yml', { kind: 'file', path: '../a b/edge.yml' }],
    ['JSON', '/srv/edge.JSON', { kind: 'file', path: '/srv/edge.JSON' }],
    [
      'a slip of the fingers',
      'kvmm',
      { kind: 'unknown', message: 'there is no profile "kvmm"; did you mean kvm?' },
    ],
    ['a name from nowhere', 'zebra', { kind: 'unknown', message: 'there is no profile "zebra"' }],
    [
      'a name that objects inherit',
      'constructor',
      { kind: 'unknown', message: 'there is no profile "constructor"' },
    ],
  ])('%s', (_because, text, expected) => {
    expect(parseProfileReference(text)).toEqual(expected);
  });

  test.each([
    '',
    ' ',
    'a b',
    'a/b',
    '..',
    '../kvm',
    'a..b',
    '-kvm',
    '.yaml',
    'kvm\n',
    'k\u0000m.yaml',
    'é',
    '$(x)',
  ])('refuses %j as a name', (text) => {
    expect(parseProfileReference(text)).toMatchObject({
      kind: 'malformed',
      message: expect.stringMatching(/^must /),
    });
  });
});
