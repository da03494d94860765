#!/usr/bin/env node
// QEMU without a machine inside: the guest of a Packer build, the finish machine, or a machine of a test. Writes the serial line to a file
// or, as a client, to a socket; serves QMP.
import { createWriteStream, existsSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { at, LAB, print, ToldToFail } from './control.mjs';
import { writeGuest } from './guest-disk.mjs';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==',
  'base64',
);

/** QMP commands that are answered. */
const COMMANDS = [
  'qmp_capabilities',
  'query-status',
  'screendump',
  'stop',
  'cont',
  'quit',
  'system_powerdown',
];

const words = process.argv.slice(2);
const valuesOf = (name) => words.flatMap((word, index) => (word === name ? [words[index + 1] ?? ''] : []));
const [pidFile] = valuesOf('-pidfile');
const devices = new Map(valuesOf('-chardev').map((text) => [optionsOf(text).id, optionsOf(text)]));

if (words.includes('--version')) console.log('QEMU emulator version 7.2.22 (fake)');
else if (valuesOf('-append')[0]?.includes('mintmark.mode=finish')) await run(finish);
else await run(forwardedPort() === undefined ? serve : serveTest);

async function run(machine) {
  try {
    await machine();
  } catch (error) {
    if (!(error instanceof ToldToFail)) throw error;
    process.stderr.write(`qemu-system-x86_64: ${error.message}\n`);
    end(error.exitCode);
  }
}

/** The finish machine: a console on standard output, the stamp on the disk, and the end. */
async function finish() {
  console.log('[    0.000000] Linux version 6.12.1-lab');
  await at('finish');
  const [disk = ''] = valuesOf('-drive').map((text) => optionsOf(`x,${text}`).file);
  writeGuest(disk, valuesOf('-initrd')[0] ?? '');
  await print('finish', (piece) => process.stdout.write(piece));
  console.log('MINTMARK-FINISHED');
}

/** The guest of a Packer build: runs until it is powered off by SIGTERM, or told to quit. */
async function serve() {
  if (pidFile !== undefined) writeFileSync(pidFile, `${process.pid}\n`);
  process.on('SIGTERM', () => end(0));
  for (const path of controlSockets()) await serveControl(path);
  const serial = await openSerial(valuesOf('-serial')[0] ?? '');
  serial.write('[    0.000000] Linux version 6.12.1-lab\r\n');
  await at('boot');
  await print('serial', (piece) => serial.write(piece));
  await print('stderr', (piece) => process.stderr.write(piece));
  serial.write('lab login: ');
  // The pretended Packer cannot log in: this tells it that it could.
  writeFileSync(join(LAB, 'points', `guest-up.${process.pid}`), '');
  setInterval(() => {}, 1000);
}

/** The port of 127.0.0.1 behind which a test expects SSH; only its machines have one, as Packer's have others. */
function forwardedPort() {
  const isTested = valuesOf('-blockdev').some((text) => text.includes('node-name=image'));
  const [, port] = /hostfwd=tcp:127\.0\.0\.1:(\d+)-/.exec(valuesOf('-netdev').join(' ')) ?? [];
  return isTested ? port : undefined;
}

/** A machine of a test: somebody answers behind its SSH port, and it ends when its guest restarts. */
async function serveTest() {
  if (pidFile !== undefined) writeFileSync(pidFile, `${process.pid}\n`);
  process.on('SIGTERM', () => end(0));
  const clients = [];
  for (const path of controlSockets()) await serveControl(path, clients);
  const serial = await openSerial(valuesOf('-serial')[0] ?? '');
  serial.write('[    0.000000] Linux version 6.12.1-lab\r\n');
  await at('test');
  await print('test', (piece) => serial.write(piece));
  const greeter = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('SSH-2.0-lab\r\n');
  });
  const port = forwardedPort();
  await new Promise((resolve) => greeter.listen(Number(port), '127.0.0.1', resolve));
  const reset = join(LAB, 'points', `guest-reset.${port}`);
  rmSync(reset, { force: true });
  setInterval(() => {
    if (!existsSync(reset)) return;
    for (const send of clients) send({ event: 'SHUTDOWN', data: { guest: true, reason: 'guest-reset' } });
    setTimeout(end, 30, 0);
  }, 40);
}

function controlSockets() {
  const monitors = valuesOf('-mon').map((text) => optionsOf(`x,${text}`).chardev);
  return [...devices]
    .filter(([id, { server }]) => monitors.includes(id) && server === 'on')
    .map(([, { path }]) => path);
}

function serveControl(path, clients = []) {
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    const send = (value) => socket.write(`${JSON.stringify(value)}\r\n`);
    socket.on('error', () => {});
    clients.push(send);
    send({ QMP: { version: { qemu: { major: 7, minor: 2, micro: 22 }, package: '' }, capabilities: [] } });
    let pending = '';
    socket.setEncoding('utf8').on('data', (text) => {
      const lines = (pending + text).split('\n');
      pending = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') answer(JSON.parse(line), send);
    });
  });
  process.on('exit', () => rmSync(path, { force: true }));
  return new Promise((resolve) => server.listen(path, resolve));
}

function answer({ execute, arguments: args, id }, send) {
  const known = COMMANDS.includes(execute);
  if (execute === 'screendump') writeFileSync(args.filename, PNG);
  const value = execute === 'query-status' ? { status: 'running', running: true } : {};
  const error = { class: 'CommandNotFound', desc: `no ${execute} here` };
  send({ ...(known ? { return: value } : { error }), ...(id === undefined ? {} : { id }) });
  if (execute === 'quit' || execute === 'system_powerdown') setTimeout(end, 20, 0);
}

async function openSerial(text) {
  if (text.startsWith('file:')) return createWriteStream(text.slice('file:'.length), { flags: 'a' });
  const device = devices.get(text.replace('chardev:', '')) ?? {};
  if (device.kind === 'file') return createWriteStream(device.path, { flags: 'a' });
  if (device.kind !== 'socket') return process.stdout;
  return new Promise((resolve, reject) => {
    const socket = createConnection(device.path, () => resolve(socket));
    socket.on('error', reject);
  });
}

/** `kind,name=value,…`; a comma within a value is written twice. */
function optionsOf(text) {
  const parts = text.replaceAll(',,', '\0').split(',');
  const pairs = parts.slice(1).map((part) => part.replaceAll('\0', ',').split('='));
  return { kind: parts[0], ...Object.fromEntries(pairs.map(([name, ...rest]) => [name, rest.join('=')])) };
}

function end(exitCode) {
  if (pidFile !== undefined) rmSync(pidFile, { force: true });
  process.exit(exitCode);
}
