import type { ChildProcess } from 'node:child_process';
import { readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findProgramIfAny } from '../../src/host/find-program.ts';
import { compileWhenStale, type CliResult } from '../integration/compiled-cli.ts';
import { BuildPlace, documentOf } from './real-build.ts';

/*
 * One real build of `server` on its worst day: our process, then the appliance of virt-sparsify, then our process
 * again are killed, each time in another stage; --resume brings it to its end. Every stage is done once.
 */

const MINUTE_MS = 60_000;
const NEEDED = 'packer qemu-system-x86_64 qemu-img mmdebstrap mke2fs virt-sparsify ssh-keygen setpriv'.split(
  ' ',
);
const programs = await Promise.all(NEEDED.map((name) => findProgramIfAny(name)));
const missing = NEEDED.filter((_, index) => programs[index] === undefined);
if (missing.length > 0) process.stderr.write(`skipped: a killed build: no ${missing.join(', ')}\n`);
const withTools = missing.length > 0 ? describe.skip : describe;

let place: BuildPlace;
let events = '';

withTools('a build that is killed again and again', () => {
  beforeAll(async () => {
    compileWhenStale();
    place = await BuildPlace.make();
    events = join(place.directory, 'events.jsonl');
  });
  afterAll(() => place.remove());

  test(
    'comes to its end by --resume, and leaves nothing behind',
    async () => {
      const temporary = await libguestfsDirectories();
      const first = await killDuring(['--profile', 'server', '--new-catalogue'], 'packer', (child) =>
        kill(child.pid),
      );
      expect(first.signal).toBe('SIGKILL');
      await expectNoProcess();

      const second = await killDuring([], 'finish', () => killAppliance());
      expect(documentOf(second, 5)).toMatchObject({
        error: {
          code: 'E_COMMAND_FAILED',
          message: expect.stringContaining('virt-sparsify'),
          evidence: { stage: 'finish' },
        },
      });
      await expectNoProcess();

      const third = await killDuring([], 'convert', (child) => kill(child.pid));
      expect(third.signal).toBe('SIGKILL');
      expect(await skippedStages()).toEqual(['base', 'packer']);
      await expectNoProcess();

      const last = await place.resume(['--events', events]);
      expect(documentOf(last, 0)).toMatchObject({ status: 'built', line: 'server' });
      expect(await skippedStages()).toEqual(['base', 'packer', 'finish']);
      expect(await readdir(join(place.catalogue, 'lines/server/alloc'))).toEqual(['1.json']);
      expect(await readlink(join(place.catalogue, 'latest/server'))).toMatch(/-1\.1$/);
      await expectNoProcess();
      expect(await libguestfsDirectories()).toEqual(temporary);
    },
    10 * MINUTE_MS,
  );
});

/** Builds, or with no arguments goes on, and does something some seconds after a stage has begun. */
async function killDuring(
  args: readonly string[],
  stage: string,
  deed: (child: ChildProcess) => Promise<void> | void,
): Promise<CliResult> {
  let doing: Promise<void> | undefined;
  await writeFile(events, '');
  const onStart = (child: ChildProcess): void => {
    doing = untilAt(stage, child).then(() => deed(child));
  };
  const result =
    args.length === 0
      ? await place.resume(['--events', events], onStart)
      : await place.build([...args, '--events', events], onStart);
  await doing;
  return result;
}

async function untilAt(stage: string, child: ChildProcess): Promise<void> {
  const mark = `"type":"stage-started","stage":"${stage}"`;
  while (child.exitCode === null && !(await readFile(events, 'utf8').catch(() => '')).includes(mark))
    await delay(200);
  await delay(2000);
}

function kill(pid: number | undefined): void {
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

/** The QEMU that libguestfs has started, as soon as it has. */
async function killAppliance(): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    const appliance = await findAppliance();
    if (appliance !== undefined) return kill(appliance);
    await delay(100);
  }
  throw new Error('no appliance came');
}

/** It names nothing of ours on its command line, but descends from a program that does. */
async function findAppliance(): Promise<number | undefined> {
  const ours = (await place.processes()).map((line) => Number.parseInt(line, 10));
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (/qemu-system[^]*guestfs/.test(commandLine) && (await descendsFrom(pid, ours))) return pid;
  }
  return undefined;
}

async function descendsFrom(pid: number, ancestors: readonly number[]): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const parent = Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1] ?? 0);
  return ancestors.includes(pid) || (parent > 1 && (await descendsFrom(parent, ancestors)));
}

async function expectNoProcess(): Promise<void> {
  for (let tries = 0; tries < 30 && (await place.processes()).length > 0; tries += 1) await delay(100);
  expect(await place.processes()).toEqual([]);
}

async function libguestfsDirectories(): Promise<string[]> {
  return (await readdir('/tmp')).filter((name) => name.startsWith('libguestfs'));
}

async function skippedStages(): Promise<string[]> {
  const text = await readFile(events, 'utf8');
  return [...text.matchAll(/"type":"stage-skipped","stage":"(\w+)"/g)].map((match) => match[1] ?? '');
}
