import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { isMapping } from '../../src/schemas/document-path.ts';
import type { CliResult } from './compiled-cli.ts';
import type { ColdPart } from './kill-points.ts';
import { Lab } from './lab.ts';
import { processesLeft } from './lab-processes.ts';
import {
  ageLeftovers,
  allocationsOf,
  cacheFaults,
  digestTree,
  leftoversOf,
  servedFaults,
} from './lab-state.ts';

/** A lab with one filed release, and what that release looks like. */
export interface Scene {
  readonly lab: Lab;
  readonly filed: Readonly<Record<string, string>>;
}

/** Makes the lab that every case begins with a copy of. */
export async function makeScene(): Promise<Scene> {
  const lab = Lab.make();
  const { exitCode, stderr } = await lab.build();
  if (exitCode !== 0) throw new Error(`the first build in the lab failed\n${stderr}`);
  return { lab, filed: digestTree(join(lab.catalogue, 'releases')) };
}

/** A copy for one case, with what is to be made again taken from its cache. */
export function copyScene({ lab, filed }: Scene, cold: readonly ColdPart[]): Scene {
  const copy = lab.copy();
  for (const name of cold) rmSync(join(copy.cache, name), { recursive: true, force: true });
  return { lab: copy, filed };
}

/** Does something in a copy of the scene, and removes it. */
export async function inCopy(
  scene: Scene,
  cold: readonly ColdPart[],
  action: (copy: Scene) => Promise<void>,
): Promise<void> {
  const copy = copyScene(scene, cold);
  try {
    await action(copy);
  } finally {
    copy.lab.remove();
  }
}

/** What is wrong right after a kill, before anybody cleaned up: something runs on, or something served is not whole. */
export async function faultsAfterKill({ lab, filed }: Scene): Promise<string[]> {
  const left = await processesLeft(lab.directory);
  return [
    ...left.map((line) => `still running: ${line}`),
    ...lostReleases(lab, filed),
    ...servedFaults(lab),
    ...cacheFaults(lab),
  ];
}

/** What is wrong with the build after a kill, and with what it leaves. */
export async function faultsOfNextBuild({ lab, filed }: Scene): Promise<string[]> {
  const before = allocationsOf(lab);
  ageLeftovers(lab);
  const { exitCode, stdout, stderr } = await lab.build();
  if (exitCode !== 0) return [`the next build ended with exit code ${exitCode}: ${lastLines(stderr)}`];
  const build = buildOf(stdout);
  return [
    ...(build in before ? [`BUILD ${build} was used twice`] : []),
    ...unsettled(allocationsOf(lab)),
    ...(await leftoversOf(lab)).map((left) => `left over: ${left}`),
    ...lostReleases(lab, filed),
    ...servedFaults(lab),
    ...cacheFaults(lab),
  ];
}

/** What is wrong with the report of a build that failed: a wrong exit code, a stack trace, words that are missing. */
export function reportFaults(
  result: CliResult,
  exitCode: number,
  says: readonly (string | RegExp)[],
): string[] {
  const { stderr } = result;
  const missing = says.filter((word) =>
    typeof word === 'string' ? !stderr.includes(word) : !word.test(stderr),
  );
  const isBug = stderr.includes('this is a bug') || /^\s+at .*:\d+:\d+\)?$/m.test(stderr);
  return [
    ...(result.exitCode === exitCode
      ? []
      : [`exit code ${result.exitCode ?? result.signal}, not ${exitCode}`]),
    ...(isBug ? ['it calls itself a bug'] : []),
    ...missing.map((word) => `it does not say ${String(word)}`),
  ].map((fault) => `${fault}: ${lastLines(stderr)}`);
}

function lostReleases(lab: Lab, filed: Readonly<Record<string, string>>): string[] {
  const now = digestTree(join(lab.catalogue, 'releases'));
  return Object.keys(filed).flatMap((path) =>
    now[path] === filed[path] ? [] : [`releases/${path} is not what it was`],
  );
}

function unsettled(allocations: Readonly<Record<number, string>>): string[] {
  return Object.entries(allocations).flatMap(([build, state]) =>
    /^(?:failed|released|unchanged)$/.test(state) ? [] : [`BUILD ${build} is still ${state}`],
  );
}

function buildOf(stdout: string): number {
  const document: unknown = JSON.parse(stdout);
  const long = isMapping(document) ? String(document['long']) : '';
  return Number(long.split('.').at(-1));
}

function lastLines(stderr: string): string {
  return stderr.trim().split('\n').slice(-14).join('\n');
}

/** Does work on every item, two at once: there are two processors. */
export function startInPairs<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Map<Item, Promise<Result>> {
  const lanes = [Promise.resolve(), Promise.resolve()];
  const started = items.map((item, index): [Item, Promise<Result>] => {
    const lane = index % lanes.length;
    const result = (lanes[lane] ?? Promise.resolve()).then(() => work(item));
    lanes[lane] = settled(result);
    return [item, result];
  });
  return new Map(started);
}

async function settled(work: Promise<unknown>): Promise<void> {
  await Promise.allSettled([work]);
}
