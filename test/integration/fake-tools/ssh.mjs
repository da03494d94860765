#!/usr/bin/env node
// ssh into the guest that is not there: answers the questions of a test as a guest in order would. What the test wants
// to be answered instead is in `control/ssh.answers`: a JSON object of answers by the name of their question.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { at, LAB } from './control.mjs';

const words = process.argv.slice(2);
if (words[0] === '-V') {
  process.stderr.write('OpenSSH_9.2p1 Debian-2 (fake)\n');
  process.exit();
}
const valueOf = (name) => words[words.indexOf(name) + 1] ?? '';
const run = dirname(dirname(valueOf('-i')));
const port = valueOf('-p');
const script = readFileSync(0, 'utf8');

function answerAll() {
  const [, nonce] = /^printf '\\n%s done\\n' (\w+)$/m.exec(script) ?? [];
  for (const [, name] of script.matchAll(/^ask '?([\w.-]+)'? /gm)) {
    process.stdout.write(`\n${nonce} begin ${name}\n${textOf(name)}\n${nonce} end 0 1.00 1.01\n`);
  }
  process.stdout.write(`\n${nonce} done\n`);
}

function textOf(name) {
  const path = join(LAB, 'control/ssh.answers');
  const wanted = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  return wanted[name] ?? ANSWERS[name]?.() ?? '';
}

/** What the guest of `lab-archive.ts` says; the version is that of the run that asks. */
const ANSWERS = {
  'os-release': () => {
    const { long, line } = JSON.parse(readFileSync(join(run, 'state.json'), 'utf8'));
    return `ID=debian\nIMAGE_ID=${line ?? 'lab'}\nIMAGE_VERSION=${long}`;
  },
  kernel: () => '6.12.1-lab',
  packages: () => {
    const status = readFileSync(join(LAB, 'archive/tree/var/lib/dpkg/status'), 'utf8');
    return [...status.matchAll(/^Package: (.+)$/gm)].map(([, name]) => `${name}:amd64 1`).join('\n');
  },
  'cloud-init': () => '{"v1": {"datasource": "DataSourceNoCloud [seed=/dev/sr0]", "errors": []}}',
  units: () => 'running',
  listeners: () => 'tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=400,fd=3))',
  'fact-listeners': () => ANSWERS.listeners(),
  'fact-services': () => 'ssh.service loaded active running OpenBSD Secure Shell server',
  'root-size': () => '/dev/vda1 1000000000\n2048 2097152 2099200',
  consoles: () => 'tty0\nttyS0\n\nactive\nactive',
  passwords: () => 'root L 2026-11-21 0 99999 7 -1',
  'ssh-settings': () =>
    'permitrootlogin without-password\npasswordauthentication no\nkbdinteractiveauthentication no\npermitemptypasswords no',
  'fresh-identity': () => {
    const digest = createHash('sha256').update(`${run} ${port}`);
    const hex = digest.digest('hex');
    return `${hex.slice(0, 32)}\nssh-ed25519 ${Buffer.from(hex).toString('base64')} root@lab`;
  },
};

if (script === 'systemctl reboot') {
  writeFileSync(join(LAB, 'points', `guest-reset.${port}`), '');
} else {
  const [, login] = /^echo '?([0-9a-f]{32} login)'?$/m.exec(script) ?? [];
  const nonce = login?.split(' ')[0];
  console.log(`${nonce} login`);
  await at('login');
  console.log(`${nonce} ready`);
  await at('ready');
  answerAll();
  console.log(`${nonce} done`);
}
