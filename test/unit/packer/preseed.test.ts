import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { InvalidDocument } from '../../../src/errors/fault.ts';
import { planPreseed } from '../../../src/packer/preseed.ts';
import type { Profile } from '../../../src/profiles/profile.ts';
import { goldenProfile } from '../../golden/golden-projects.ts';

const template = await readFile(
  join(import.meta.dirname, '../../../http-preseed/debian.preseed.hbs'),
  'utf8',
);
const server = await goldenProfile('server');
const input = { template, mirror: 'http://mirror.example:8080/debian/' };

/** The answer to a question, without owner and type. */
const answerIn = (text: string, question: string): string | undefined =>
  text
    .split('\n')
    .find((line) => line.split(' ')[1] === question)
    ?.split(' ')
    .slice(3)
    .join(' ');

test.each([
  { question: 'netcfg/get_hostname', answer: 'server', because: 'the guest has a name' },
  {
    question: 'mirror/http/hostname',
    answer: 'mirror.example:8080',
    because: 'the mirror is the one of the build',
  },
  { question: 'mirror/http/directory', answer: '/debian', because: 'without a slash at the end' },
  { question: 'mirror/http/proxy', answer: '', because: 'no proxy is an empty answer' },
  { question: 'mirror/suite', answer: 'trixie', because: 'the suite is chosen' },
  { question: 'apt-setup/non-free', answer: 'false', because: 'only main was asked for' },
  {
    question: 'base-installer/kernel/image',
    answer: 'linux-image-cloud-amd64',
    because: 'the kernel suits the target',
  },
  {
    question: 'base-installer/install-recommends',
    answer: 'false',
    because: 'the profile wants no more than it names',
  },
  {
    question: 'debian-installer/add-kernel-opts',
    answer: 'console=tty0 console=ttyS0,115200n8',
    because: 'consoles are kernel arguments',
  },
  { question: 'passwd/root-password-crypted', answer: '!', because: 'nobody can log in with a password' },
])('$question: $because', ({ question, answer }) => {
  expect(answerIn(planPreseed(server, input), question)).toBe(answer);
});

test('swap comes before the root, so that the root can grow', () => {
  const text = planPreseed({ ...server, disk: { ...server.disk, swapMiB: 512 } }, input);
  expect(answerIn(text, 'partman-auto/expert_recipe')).toMatch(
    /^mintmark :: 512 512 512 linux-swap .* \. 500 1000 -1 ext4 .* \.$/,
  );
});

test('https and a proxy have their own questions', () => {
  const text = planPreseed(server, {
    template,
    mirror: 'https://m.example/',
    proxy: 'http://p.example:3128',
  });
  expect(answerIn(text, 'mirror/https/directory')).toBe('/');
  expect(answerIn(text, 'mirror/https/proxy')).toBe('http://p.example:3128');
});

test('what a preseed file cannot carry is refused with its path, all at once', () => {
  const profile: Profile = {
    ...server,
    os: {
      ...server.os,
      aptSources: [{ name: 'x', uri: 'http://x', suites: [], components: [], key: { sha256: '' } }],
    },
    packages: {
      ...server.packages,
      kernel: 'linux\nd-i x/y string z',
      include: ['ok', 'two words', 'tail\\'],
      exclude: ['x'],
    },
    guest: { ...server.guest, hostname: '', kernelArguments: ['quiet\r'] },
  };
  const faults = [
    { path: '.guest.hostname', message: expect.stringContaining('empty') },
    { path: '.packages.kernel', message: expect.stringContaining('line end') },
    { path: '.packages.include[1]', message: expect.stringContaining('blank') },
    { path: '.packages.include[2]', message: expect.stringContaining('backslash') },
    { path: '.guest.kernelArguments[0]', message: expect.stringContaining('line end') },
    { path: '.packages.exclude', message: expect.any(String) },
    { path: '.os.aptSources', message: expect.any(String) },
    { path: '.os.mirror', message: expect.stringContaining('no address') },
  ];
  expect(() => planPreseed(profile, { template, mirror: 'nowhere' })).toThrow(InvalidDocument);
  expect(() => planPreseed(profile, { template, mirror: 'nowhere' })).toThrow(
    expect.objectContaining({ faults }),
  );
});

test.each(['ftp://m.example/debian', 'http://user:word@m.example/debian'])(
  'the mirror %s is refused',
  (mirror) => {
    expect(() => planPreseed(server, { template, mirror })).toThrow(
      expect.objectContaining({ code: 'E_PROFILE_INVALID' }),
    );
  },
);
