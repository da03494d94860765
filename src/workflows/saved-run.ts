import { join, resolve } from 'node:path';
import { Failure } from '../errors/failure.ts';
import { readTextIfExists, writeFileAtomically } from '../host/files.ts';
import { checkAlive } from '../host/process-identity.ts';
import { parseProfileReference } from '../profiles/profile-reference.ts';
import { renderIsoDate } from '../values/calendar-date.ts';
import { parseSealedJson, renderSealedJson } from '../values/sealed-json.ts';
import type { Reservation } from './allocate-version.ts';
import type { BuildRequest } from './build-request.ts';
import { listNames } from './catalogue-files.ts';
import type { BuildPlan } from './plan-build.ts';
import type { ResolvedClosure } from './resolve-closure.ts';
import { readRunState, runsDirectory, type RunDirectory, type RunState } from './run-directory.ts';

/** What a run must know to be gone on with: what was asked for, and what the plan found. */
export interface SavedPlan {
  readonly schema: 1;
  /** The request of this one profile, with absolute paths. */
  readonly request: BuildRequest;
  /** The packages that were resolved, so that a mirror which has moved on changes nothing. */
  readonly closure: ResolvedClosure;
  readonly reservation: Reservation;
  readonly recipeDigest: string;
}

/** A run that ended before it was done. */
export interface SavedRun {
  readonly path: string;
  readonly state: RunState;
  readonly plan: SavedPlan;
}

const PLAN_FILE = 'plan.json';

/** Keeps what a later {@link findRun} needs. Addresses of mirrors may hold passwords, so nobody else may read it. */
export async function savePlan(
  run: RunDirectory,
  profile: string,
  facts: { readonly request: BuildRequest; readonly plan: BuildPlan; readonly reservation: Reservation },
): Promise<void> {
  const { request, plan, reservation } = facts;
  const saved: SavedPlan = {
    schema: 1,
    request: {
      ...request,
      profiles: [absoluteReference(profile)],
      catalogue: resolve(request.catalogue),
      date: renderIsoDate(plan.date),
    },
    closure: plan.closure,
    reservation: { ...reservation, catalogue: resolve(reservation.catalogue) },
    recipeDigest: plan.recipeDigest,
  };
  await writeFileAtomically(run.file(PLAN_FILE), renderSealedJson(saved), 0o600);
}

/**
 * Finds the run to go on with.
 *
 * @param name its id, its directory, or nothing for the newest
 * @param profiles with no name: only runs of these
 * Raises `E_RUN_UNKNOWN` when there is none, `E_RUN_DONE` and `E_RUN_ALIVE` for one that cannot be gone on with.
 */
export async function findRun(
  stateDirectory: string,
  name: string,
  profiles: readonly string[],
): Promise<SavedRun> {
  const runs = runsDirectory(stateDirectory);
  if (name === '') {
    for (const path of await newestFirst(runs)) {
      const found = await readSavedRun(path);
      if (found !== undefined && (await canGoOn(found, profiles))) return found;
    }
    throw unknownRun(`no run below ${runs} can be gone on with`);
  }
  const found = await readSavedRun(name.includes('/') ? resolve(name) : join(runs, name));
  if (found === undefined) throw unknownRun(`there is no run ${JSON.stringify(name)} that was planned`);
  if (found.state.status === 'done') throw doneAlready(found);
  if (await isAlive(found)) throw stillAlive(found);
  return found;
}

async function newestFirst(runs: string): Promise<string[]> {
  const dated: { path: string; createdAt: string }[] = [];
  for (const name of await listNames(runs)) {
    const path = join(runs, name);
    const state = await readRunState(path);
    if (state !== undefined) dated.push({ path, createdAt: state.createdAt });
  }
  return dated.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1)).map(({ path }) => path);
}

async function readSavedRun(path: string): Promise<SavedRun | undefined> {
  const state = await readRunState(path);
  const text = await readTextIfExists(join(path, PLAN_FILE)).catch(() => undefined);
  const plan = text === undefined ? undefined : parseSealedJson(text, isSavedPlan);
  return state === undefined || plan === undefined ? undefined : { path, state, plan };
}

function isSavedPlan(value: object): value is SavedPlan {
  return 'schema' in value && value.schema === 1 && 'closure' in value && 'reservation' in value;
}

async function canGoOn(run: SavedRun, profiles: readonly string[]): Promise<boolean> {
  const { state, plan } = run;
  const wanted = profiles.map(absoluteReference);
  const isWanted = wanted.length === 0 || plan.request.profiles.some((profile) => wanted.includes(profile));
  return isWanted && state.status !== 'done' && !(await isAlive(run));
}

async function isAlive({ state }: SavedRun): Promise<boolean> {
  if (state.status !== 'running' || state.owner === undefined) return false;
  return (await checkAlive(state.owner)) !== 'dead';
}

function absoluteReference(profile: string): string {
  const reference = parseProfileReference(profile);
  return reference.kind === 'file' ? resolve(reference.path) : profile;
}

function unknownRun(message: string): Failure {
  return new Failure('usage', 'E_RUN_UNKNOWN', message, {
    hint: 'a failed build prints its name; without --resume a new one begins, with the base disk from the cache',
  });
}

function doneAlready({ state, plan }: SavedRun): Failure {
  const { id, line, equalTo } = state;
  const fate =
    equalTo === undefined
      ? `${line} ${plan.reservation.long} is filed`
      : `its content is that of ${line} ${equalTo}, so nothing was filed`;
  const message = `run ${id} is done: ${fate}`;
  return new Failure('conflict', 'E_RUN_DONE', message, { hint: '--rebuild builds the profile once more' });
}

function stillAlive({ state }: SavedRun): Failure {
  const who =
    state.owner === undefined ? 'another process' : `process ${state.owner.pid} on ${state.owner.host}`;
  return new Failure('conflict', 'E_RUN_ALIVE', `run ${state.id} is being built by ${who}`, {
    hint: 'wait for its end, or end it first',
  });
}
