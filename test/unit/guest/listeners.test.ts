import { expect, test } from '@jest/globals';
import { isLoopback, parseActiveServices, parseListeners } from '../../../src/guest/listeners.ts';

test.each<[because: string, line: string, expected: unknown]>([
  [
    'IPv4 with its interface',
    'udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* users:(("systemd-resolve",pid=1,fd=1))',
    { protocol: 'udp', address: '127.0.0.53', port: 53, process: 'systemd-resolve' },
  ],
  [
    'IPv6, two processes of which the first is named',
    'tcp LISTEN 0 128 [::]:22 [::]:* users:(("sshd",pid=1,fd=4),("systemd",pid=1,fd=9))',
    { protocol: 'tcp', address: '::', port: 22, process: 'sshd' },
  ],
  [
    'a link-local address with its interface',
    'udp UNCONN 0 0 [fe80::5054:ff:fe12:3456]%eth0:546 [::]:*',
    { protocol: 'udp', address: 'fe80::5054:ff:fe12:3456', port: 546, process: '' },
  ],
  [
    'both kinds of address',
    'tcp LISTEN 0 50 *:80 *:*',
    { protocol: 'tcp', address: '*', port: 80, process: '' },
  ],
  [
    'a name with a blank in it',
    'tcp LISTEN 0 50 *:80 *:* users:(("my server",pid=1,fd=4))',
    { protocol: 'tcp', address: '*', port: 80, process: 'my server' },
  ],
  ['a socket without ports', 'icmp6 UNCONN 0 0 *:ipv6-icmp *:*', undefined],
  ['an empty line', '', undefined],
])('%s', (_because, line, expected) => {
  expect(parseListeners(line)).toEqual(expected === undefined ? [] : [expected]);
});

test.each([
  { address: '127.0.0.54', expected: true, because: 'all of 127.0.0.0/8 is loopback' },
  { address: '::1', expected: true, because: 'so is ::1' },
  { address: '::ffff:127.0.0.1', expected: true, because: 'an IPv4 address may be written as IPv6' },
  { address: '0.0.0.0', expected: false, because: 'every address is not' },
  { address: '10.127.0.1', expected: false, because: '127 must come first' },
])('$address: $because', ({ address, expected }) => {
  expect(isLoopback({ address })).toBe(expected);
});

test('active services are named, sorted', () => {
  const text = 'ssh.service loaded active running OpenBSD\n  cron.service loaded active running x\n';
  expect(parseActiveServices(text)).toEqual(['cron.service', 'ssh.service']);
});
