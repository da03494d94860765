#!/usr/bin/env node
// Packer 1.6.6 as far as a build sees it: version, and a build that makes an overlay of the base, starts the QEMU that
// the project describes, pretends to run the provisioners, and powers the guest off.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { at, LAB, print, ToldToFail } from './control.mjs';

/** QEMU's end is noticed for this long after its start, in milliseconds; the real Packer does so for two seconds. */
const EARLY_MS = 600;

const words = process.argv.slice(2);
const record = (kind, ...data) =>
  process.stdout.write(`1795240800,,${kind},${data.map((text) => escape(text)).join(',')}\n`);
const escape = (text) => text.replaceAll(',', '%!(PACKER_COMMA)').replaceAll('\n', '\\n');
const say = (text) => record('ui', 'say', `==> qemu.mintmark: ${text}`);
const log = (text) => process.stderr.write(`2026/11/21 06:00:00 packer-builder-qemu plugin: ${text}\n`);

if (words[0] === 'version') console.log('1795240800,,version,1.6.6');
else if (words[0] === 'build') await build();

async function build() {
  const variables = readVariables();
  const qemu = { process: undefined };
  const keepsRunning = words.includes('-on-error=abort');
  try {
    await provision(variables, qemu);
  } catch (error) {
    if (!(error instanceof ToldToFail)) throw error;
    record('ui', 'error', `==> qemu.mintmark: ${error.message}`);
    if (!keepsRunning) {
      say('Deleting output directory...');
      qemu.process?.kill('SIGKILL');
      rmSync(variables.output_directory, { recursive: true, force: true });
    }
    record('error-count', '1');
    process.stdout.write(`1795240800,qemu.mintmark,error,${escape(error.message)}\n`);
    process.exit(error.exitCode);
  }
}

async function provision(variables, qemu) {
  await at('start');
  say('Retrieving ISO');
  const disk = join(variables.output_directory, 'disk.qcow2');
  mkdirSync(variables.output_directory);
  runProgram('qemu-img', ['create', '-f', 'qcow2', '-F', 'qcow2', '-b', variables.base_disk, disk]);
  await at('disk');
  say('Starting VM, booting disk image');
  qemu.process = startQemu(variables, disk);
  say('Waiting for SSH to become available...');
  await untilUp(qemu.process);
  say('Connected to SSH!');
  await runProvisioners();
  await print('log', (piece) => process.stderr.write(piece));
  await print('ui', (piece) => process.stdout.write(piece));
  await at('provision');
  say('Gracefully halting virtual machine...');
  log('Executing shutdown command: sync; systemctl poweroff');
  await endOf(qemu.process);
  await at('end');
  process.stdout.write('1795240800,qemu.mintmark,artifact-count,1\n');
}

async function runProvisioners() {
  const project = words.at(-1) ?? '';
  const main = readFileSync(join(project, 'mintmark.pkr.hcl'), 'utf8');
  for (const [, script] of main.matchAll(/script\s+= "\$\{path\.root\}\/(.+)"/g)) {
    say(`Provisioning with shell script: ${join(project, script)}`);
    record('ui', 'message', '    qemu.mintmark: done, without doing anything');
  }
}

function startQemu(variables, disk) {
  const args = [...qemuArguments(variables), '-drive', `file=${disk},if=virtio,format=qcow2`];
  const child = spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  log(`Started Qemu. Pid: ${child.pid}`);
  let pending = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    const lines = (pending + text).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) log(`Qemu stderr: ${line}`);
  });
  return child;
}

/** Packer waits for the guest and knows nothing of QEMU, so it waits on when QEMU is gone. */
async function untilUp(child) {
  const mark = join(LAB, 'points', `guest-up.${child.pid}`);
  rmSync(mark, { force: true });
  const earlyEnd = Date.now() + EARLY_MS;
  while (!existsSync(mark)) {
    const isGone = child.exitCode !== null || child.signalCode !== null;
    if (isGone) log(`QEMU ended with ${child.exitCode ?? child.signalCode}`);
    if (isGone && Date.now() < earlyEnd) throw new ToldToFail('Build was halted.', 1);
    await delay(10);
  }
}

/** The guest powers off by itself once it is told to; Packer never notices a machine that was gone before. */
async function endOf(child) {
  if (child.exitCode !== null || child.signalCode !== null)
    await new Promise(() => setInterval(() => {}, 1e6));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** The `qemuargs` of the project, with the variables put in. */
function qemuArguments(variables) {
  const main = readFileSync(join(words.at(-1) ?? '', 'mintmark.pkr.hcl'), 'utf8');
  const run = variables.run_directory.replaceAll(',', ',,');
  const local = { run_directory: run };
  for (const [, name, socket, file] of main.matchAll(
    /^ +(\w+) += var\.console == "socket" \? "(.*)" : "(.*)"$/gm,
  )) {
    const chosen = variables.console === 'socket' ? socket : file;
    local[name] = chosen.replace('${local.run_directory}', run);
  }
  const fill = (text) =>
    text
      .replaceAll(/\$\{(var|local)\.(\w+)\}/g, (_, kind, name) => (kind === 'var' ? variables : local)[name])
      .replaceAll('{{ .SSHHostPort }}', '22001');
  const rows = main.matchAll(/^ {4}\["(-[\w-]+)", (?:"(.*)"|var\.(\w+))\],$/gm);
  return [...rows].flatMap(([, name, text, variable]) => [name, fill(text ?? variables[variable] ?? '')]);
}

function readVariables() {
  const pairs = words.flatMap((word, index) => (word === '-var' ? [words[index + 1] ?? ''] : []));
  return Object.fromEntries(pairs.map((pair) => [pair.split('=')[0], pair.slice(pair.indexOf('=') + 1)]));
}

function runProgram(command, args) {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  log(stderr);
  throw new ToldToFail(command, 1);
}
