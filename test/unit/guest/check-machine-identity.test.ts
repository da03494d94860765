import { describe, expect, test } from '@jest/globals';
import {
  checkMachineIdentity,
  judgeSame,
  judgeStrangers,
  parseMachineIdentity,
  type MachineIdentity,
} from '../../../src/guest/check-machine-identity.ts';
import { judged, tell } from './answers.ts';

const id = (digit: string): string => digit.repeat(32);
const key = (letter: string, type = 'ssh-ed25519'): string => `${type} ${letter.repeat(68)}`;
const machine = (digit: string, ...hostKeys: string[]): MachineIdentity => ({
  machineId: id(digit),
  hostKeys,
});

describe('the identity of a machine', () => {
  test.each<[because: string, text: string, expected: MachineIdentity | undefined]>([
    [
      'an id and keys, without their comments, sorted',
      `${id('a')}\n${key('B')} root@x\n${key('A', 'ecdsa-sha2-nistp256')} root@x\n`,
      machine('a', key('A', 'ecdsa-sha2-nistp256'), key('B')),
    ],
    ['no id yet (first boot)', `uninitialized\n${key('A')}\n`, undefined],
    ['an id of zeros', `${id('0')}\n${key('A')}\n`, undefined],
    ['no key', `${id('a')}\ncat: /etc/ssh/ssh_host_*_key.pub: No such file\n`, undefined],
    ['nothing', '', undefined],
  ])('%s', (_because, text, expected) => {
    expect(parseMachineIdentity(text)).toEqual(expected);
    expect(judged(checkMachineIdentity(), text)).toMatch(expected === undefined ? /^failed/ : /^passed/);
  });

  test.each([
    { text: `\n${key('A')}\n`, found: 'no machine-id', because: 'keys alone are not enough' },
    { text: `${id('a')}\n`, found: 'no SSH host key', because: 'an id alone is not enough' },
    { text: '\n', found: 'neither', because: 'there is nothing' },
  ])('what is missing is named: $because', ({ text, found }) => {
    expect(judged(checkMachineIdentity(), text)).toBe(`failed | a machine-id and SSH host keys | ${found}`);
  });

  test.each<[because: string, a: MachineIdentity, b: MachineIdentity, expected: string]>([
    [
      'all differs',
      machine('a', key('A')),
      machine('b', key('B')),
      'passed | machine-id and all host keys differ',
    ],
    [
      'a key was left in the image',
      machine('a', key('A'), key('C')),
      machine('b', key('B'), key('C')),
      'failed | machine-id and all host keys differ | both have the same host key ssh-ed25519',
    ],
    [
      'a machine-id was left in the image',
      machine('a', key('A')),
      machine('a', key('B')),
      `failed | machine-id and all host keys differ | both have the same machine-id ${id('a')}`,
    ],
  ])('strangers: %s', (_because, a, b, expected) => {
    expect(tell(judgeStrangers(a, b))).toBe(expected);
  });

  test.each<[because: string, before: MachineIdentity, after: MachineIdentity, expected: RegExp]>([
    ['nothing changed', machine('a', key('A')), machine('a', key('A')), /^passed/],
    [
      'a new machine-id',
      machine('a', key('A')),
      machine('b', key('A')),
      /^failed \| machine-id a+ \| machine-id b+$/,
    ],
    [
      'new keys',
      machine('a', key('A')),
      machine('a', key('B')),
      /^failed \| host keys the same \| host keys 2 differ$/,
    ],
    ['one more key', machine('a', key('A')), machine('a', key('A'), key('B')), /host keys 1 differ$/],
  ])('the same: %s', (_because, before, after, expected) => {
    expect(tell(judgeSame(before, after))).toMatch(expected);
  });
});
