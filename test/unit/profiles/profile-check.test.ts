import { describe, expect, test } from '@jest/globals';
import { checkDocument } from '../../../src/profiles/check-document.ts';
import { resolveBuiltIn } from './resolve-built-in.ts';

const checksOf = (checks: unknown[], set: string[] = []): unknown =>
  resolveBuiltIn('server', { own: { checks }, set }).profile.checks;

describe('checks in a profile', () => {
  test.each<[because: string, written: object, complete: object]>([
    ['a file must exist', { type: 'file', path: '/a' }, { type: 'file', path: '/a', exists: true }],
    [
      'a package is installed',
      { type: 'package', name: 'jq' },
      { type: 'package', name: 'jq', installed: true },
    ],
    ['a service is active', { type: 'service', name: 'ssh' }, { type: 'service', name: 'ssh', active: true }],
    [
      'a port is open, by TCP',
      { type: 'port', port: 1 },
      { type: 'port', port: 1, protocol: 'tcp', open: true },
    ],
    ['a process runs', { type: 'process', name: 'p' }, { type: 'process', name: 'p', running: true }],
    [
      'a command succeeds within half a minute',
      { type: 'command', run: 'true' },
      { type: 'command', run: 'true', exitCode: 0, timeoutSeconds: 30 },
    ],
    ['a user exists', { type: 'user', name: 'u' }, { type: 'user', name: 'u', exists: true }],
    [
      'a parameter has nothing to leave out',
      { type: 'kernel-param', name: 'vm.swappiness', value: '1' },
      { type: 'kernel-param', name: 'vm.swappiness', value: '1' },
    ],
    ['a page is there', { type: 'http', url: 'http://h/' }, { type: 'http', url: 'http://h/', status: 200 }],
    ['a name is known', { type: 'dns', name: 'h' }, { type: 'dns', name: 'h', resolves: true }],
    ['any file system', { type: 'mount', path: '/' }, { type: 'mount', path: '/' }],
    [
      'what is written counts',
      { type: 'port', port: 1, protocol: 'udp', open: false, name: 'nobody listens' },
      { type: 'port', port: 1, protocol: 'udp', open: false, name: 'nobody listens' },
    ],
  ])('%s', (_because, written, complete) => {
    expect(checksOf([written])).toEqual([complete]);
  });

  test('without any there is an empty list', () => {
    expect(resolveBuiltIn('server').profile.checks).toEqual([]);
  });

  test('they add to what is inherited, two like ones stay two, and replace drops', () => {
    const one = { type: 'dns', name: 'h' };
    expect(checksOf([one, one], ['checks+={type: port, port: 80}'])).toHaveLength(3);
    expect(checksOf([one], ['checks=[]'])).toEqual([]);
    expect(checksOf([one], ['checks[0].name=other'])).toEqual([
      { type: 'dns', name: 'other', resolves: true },
    ]);
  });

  test.each<[because: string, check: object, expected: string[]]>([
    [
      'a kind that does not exist',
      { type: 'fiel', path: '/a' },
      [
        '.checks[0].type must be one of file, package, service, port, process, command, user, kernel-param, http, dns, mount; found "fiel"',
      ],
    ],
    [
      'a near miss',
      { type: 'file', path: '/a', exist: true },
      ['.checks[0].exist unknown key; did you mean exists?'],
    ],
    ['what is needed', { type: 'port' }, ['.checks[0].port missing']],
    [
      'a file that is not there holds nothing',
      { type: 'file', path: '/a', exists: false, contains: 'x', mode: '0644' },
      [
        '.checks[0].contains cannot be asked where exists is false; found "x"',
        '.checks[0].mode cannot be asked where exists is false; found "0644"',
      ],
    ],
    [
      'a package that is not there has no version',
      { type: 'package', name: 'jq', installed: false, version: '1.7' },
      ['.checks[0].version cannot be asked where installed is false; found "1.7"'],
    ],
    [
      'a name that is unknown has no address',
      { type: 'dns', name: 'h', resolves: false, address: '1.2.3.4' },
      ['.checks[0].address cannot be asked where resolves is false; found "1.2.3.4"'],
    ],
    [
      'half an expression',
      { type: 'command', run: 'true', stdout: '/(/' },
      ['.checks[0].stdout must be a regular expression between its slashes; found "/(/"'],
    ],
    [
      'an option instead of a unit',
      { type: 'service', name: '--force' },
      ['.checks[0].name must be one word that does not begin with a dash; found "--force"'],
    ],
    [
      'no shell carries NUL',
      { type: 'command', run: 'a\0b' },
      ['.checks[0].run must be text without NUL characters, and not empty; found "a\\u0000b"'],
    ],
    [
      'a parameter that climbs',
      { type: 'kernel-param', name: 'net...x', value: '1' },
      ['.checks[0].name must be a parameter such as net.ipv4.ip_forward; found "net...x"'],
    ],
    [
      'an address with a password',
      { type: 'http', url: 'http://u:p@h/' },
      ['.checks[0].url must be an http or https address without user name and spaces; found "http://u:p@h/"'],
    ],
  ])('refused: %s', (_because, check, expected) => {
    const lines = checkDocument({ checks: [check] }).map(({ path, message }) => `${path} ${message}`);
    expect(lines).toEqual(expected);
  });
});
