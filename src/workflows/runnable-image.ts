import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Failure } from '../errors/failure.ts';
import { DISK_FILE } from '../packer/qemu-source.ts';
import type { TargetName } from '../profiles/profile.ts';
import { TARGETS_BY_LIKENESS, UNKNOWN_GUEST, type ImagePromise } from './guest-promises.ts';
import { readRunState, runsDirectory, type RunState } from './run-directory.ts';
import { findTestSubject, type TestSubject } from './test-subject.ts';
import type { ArtifactFile } from './tested-artifact.ts';

/** An image that can be booted for a person. */
export interface RunnableImage {
  /** How people call it: `server 26.11.21-1.1`, or the file's name. */
  readonly name: string;
  readonly artifact: ArtifactFile;
  readonly promise: ImagePromise;
}

/** Where images are looked for. */
export interface RunnablePlaces {
  readonly catalogue: string;
  /** Our state directory, which has the runs of builds. */
  readonly state: string;
}

/** Disks that a build leaves in its run's directory, the latest first: see `sweep-runs`. */
const RUN_DISKS = ['disk.raw', join('output', DISK_FILE)];

/**
 * Finds what a person wants to see: all that `findTestSubject` knows, and a build's run, by its id or directory, of which
 * the latest disk is taken.
 *
 * Raises `E_NOT_FOUND` (usage) where there is nothing, or nothing for the target, and what reading a catalogue raises.
 *
 * @param target whose artifact of a release is wanted; a file is put into such a machine
 */
export async function findRunnableImage(
  text: string,
  { catalogue, state }: RunnablePlaces,
  target: TargetName | undefined,
): Promise<RunnableImage> {
  for (const directory of [text, join(runsDirectory(state), basename(text))]) {
    const run = await readRunState(directory);
    if (run !== undefined) return diskOfRun(directory, run, target);
  }
  return chooseArtifact(await findTestSubject(text, catalogue), target);
}

/** The artifact for a target, or the one that QEMU can be the best machine for. */
export function chooseArtifact(subject: TestSubject, target: TargetName | undefined): RunnableImage {
  const { name, line, promise } = subject;
  const ordered = subject.artifacts.toSorted(
    (a, b) => TARGETS_BY_LIKENESS.indexOf(a.target) - TARGETS_BY_LIKENESS.indexOf(b.target),
  );
  const found = target === undefined ? ordered[0] : ordered.find((each) => each.target === target);
  if (found !== undefined) return { name, promise, artifact: found };
  const [only] = ordered;
  const isFile = line === undefined || only?.path.endsWith(`/${name}`) === true;
  if (only !== undefined && target !== undefined && isFile)
    return { name, promise, artifact: { ...only, target } };
  const there = [...new Set(ordered.map((each) => each.target))].join(', ');
  throw notFound(
    `${name} has no artifact${target === undefined ? '' : ` for ${target}`}`,
    there === '' ? undefined : `it has ${there}`,
  );
}

/** What was being made is not known to keep any promise yet. */
async function diskOfRun(
  directory: string,
  run: RunState,
  target: TargetName = 'kvm',
): Promise<RunnableImage> {
  const promise = { guest: UNKNOWN_GUEST, checks: [] };
  for (const file of RUN_DISKS) {
    const path = join(directory, file);
    const status = await stat(path).catch(() => undefined);
    if (status?.isFile() === true)
      return { name: `${file} of ${run.id}`, artifact: { path, target }, promise };
  }
  throw notFound(
    `the run ${run.id} has no disk any more`,
    'a build that succeeds keeps none; of one that fails --keep-failed keeps the disk that was being made, for three days',
  );
}

function notFound(message: string, hint: string | undefined): Failure {
  return new Failure('usage', 'E_NOT_FOUND', message, hint === undefined ? {} : { hint });
}
