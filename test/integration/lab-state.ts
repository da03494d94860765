import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, lutimesSync, type Dirent } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isMapping } from '../../src/schemas/document-path.ts';
import type { Lab } from './lab.ts';
import { processesLeft } from './lab-processes.ts';

/** Names that things have only while they are being made. */
const PASSING =
  /(?:^|\/)(?:[^/]*\.(?:tmp|partial)|\.?lock(?:\..*)?|[^/]*\.lock(?:\..*)?)$|\/\.staging\/.|^cache\/work\/./;

/** Credentials of a run, which must not outlive it: its keys, and Packer's files with the variables of a script. */
const CREDENTIAL = /^state\/mintmark\/runs\/[^/]+\/(?:build-key|tmp\/|t\/key)/;

/** The directory of a failed run may stay as it is for a while, with whatever it holds. */
const IN_A_RUN = /^state\/mintmark\/runs\/[^/]+\//;

/** Everything below a directory, as paths from there. */
export function listTree(top: string): string[] {
  return entriesBelow(top)
    .map((entry) => relative(top, join(entry.parentPath, entry.name)))
    .toSorted();
}

/** One digest for each file, directory and link below a directory. */
export function digestTree(top: string): Record<string, string> {
  const pairs = entriesBelow(top).map((entry): [string, string] => {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) return [relative(top, path), readlinkSync(path)];
    return [relative(top, path), entry.isFile() ? sha256(readFileSync(path)) : 'directory'];
  });
  return Object.fromEntries(pairs);
}

/** What a build has left that it should not have: processes, mounts, sockets, temporary files, files in odd places. */
export async function leftoversOf(lab: Lab): Promise<string[]> {
  const processes = await processesLeft(lab.directory);
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n').filter(isBelow(lab.directory));
  const odd = ['home', 'tmp'].flatMap((name) =>
    listTree(join(lab.directory, name)).map((path) => `${name}/${path}`),
  );
  return [
    ...processes.map((line) => `process ${line}`),
    ...mounts.map((line) => `mount ${line}`),
    ...odd.map((path) => `stray ${path}`),
    ...passingFiles(lab),
  ];
}

function isBelow(directory: string): (line: string) => boolean {
  return (line) => line.split(' ')[1]?.startsWith(`${directory}/`) === true;
}

/** Temporary files, locks, keys, staging directories and sockets below the directories that a build may write. */
export function passingFiles(lab: Lab): string[] {
  return ['cache', 'catalogue', 'state'].flatMap((name) =>
    entriesBelow(join(lab.directory, name))
      .map((entry) => ({ path: relative(lab.directory, join(entry.parentPath, entry.name)), entry }))
      .filter(
        ({ path, entry }) =>
          entry.isSocket() || CREDENTIAL.test(path) || (PASSING.test(path) && !IN_A_RUN.test(path)),
      )
      .map(({ path, entry }) => `${entry.isSocket() ? 'socket' : 'file'} ${path}`),
  );
}

/** Lets a day and more pass for everything that a killed run left half made: what is too young for a sweep is old now. */
export function ageLeftovers(lab: Lab): void {
  const then = new Date(Date.now() - 30 * 60 * 60_000);
  for (const left of passingFiles(lab)) {
    lutimesSync(join(lab.directory, left.slice(left.indexOf(' ') + 1)), then, then);
  }
}

/** What is wrong with what the catalogue serves: releases that are not whole, links that lead nowhere. */
export function servedFaults({ catalogue }: Lab): string[] {
  const faults: string[] = [];
  for (const line of namesIn(join(catalogue, 'releases'))) {
    for (const long of namesIn(join(catalogue, 'releases', line))) {
      faults.push(...releaseFaults(join(catalogue, 'releases', line, long)));
    }
  }
  for (const line of namesIn(join(catalogue, 'latest')).filter((name) => !name.startsWith('.'))) {
    const target = join(catalogue, 'latest', readlinkSync(join(catalogue, 'latest', line)));
    if (lstatSync(join(target, 'release.json'), { throwIfNoEntry: false }) === undefined)
      faults.push(`latest/${line} leads to ${target}, which is no release`);
  }
  return faults;
}

function releaseFaults(directory: string): string[] {
  const names = namesIn(directory);
  if (!names.includes('SHA256SUMS') || !names.includes('release.json'))
    return [`${directory} is no whole release`];
  const sums = readFileSync(join(directory, 'SHA256SUMS'), 'utf8').trim().split('\n');
  return sums.flatMap((line) => {
    const [digest = '', name = ''] = line.split(/ [ *]/);
    const path = join(directory, name);
    const isRight = names.includes(name) && sha256(readFileSync(path)) === digest;
    return isRight ? [] : [`${path} is not what SHA256SUMS says`];
  });
}

/** What is wrong with the cache under final names: packages that are not their name, bases that are not their entry. */
export function cacheFaults({ cache }: Lab): string[] {
  const debs = namesIn(join(cache, 'debs'))
    .filter((name) => /^[0-9a-f]{64}$/.test(name))
    .filter((name) => sha256(readFileSync(join(cache, 'debs', name))) !== name)
    .map((name) => `debs/${name} is damaged`);
  const bases = namesIn(join(cache, 'bases')).flatMap((key) => {
    const names = namesIn(join(cache, 'bases', key));
    return names.includes('entry.json') && names.length === 5 ? [] : [`bases/${key} is not whole`];
  });
  return [...debs, ...bases];
}

/** BUILD numbers of a line with the state of each. */
export function allocationsOf(lab: Lab, line = 'lab'): Record<number, string> {
  const directory = join(lab.catalogue, 'lines', line, 'alloc');
  const names = namesIn(directory).filter((name) => /^\d+\.json$/.test(name));
  return Object.fromEntries(
    names.map((name) => {
      const allocation: unknown = JSON.parse(readFileSync(join(directory, name), 'utf8'));
      const state = isMapping(allocation) ? String(allocation['state']) : 'damaged';
      return [Number(basename(name, '.json')), state];
    }),
  );
}

/** Waits until something is so; gives up after ten seconds. */
export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !condition(); tries += 1) await delay(20);
  if (!condition()) throw new Error('it never came to be so');
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).toSorted();
  } catch {
    return [];
  }
}

function entriesBelow(top: string): Dirent[] {
  return lstatSync(top, { throwIfNoEntry: false }) === undefined
    ? []
    : readdirSync(top, { recursive: true, withFileTypes: true });
}

function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
