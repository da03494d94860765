import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isSystemError, readJsonObjectIfExists, writeFileAtomically } from '../host/files.ts';
import { parseProcessIdentity, readProcessIdentity, type ProcessIdentity } from '../host/process-identity.ts';
import { STAGES, type StageName } from './events.ts';

/** What is known of one stage of a run. */
export interface StageRecord {
  readonly status: 'running' | 'done' | 'failed';
  readonly startedAt: string;
  readonly durationMs?: number;
  /** What the stage was asked for, as a digest. */
  readonly input?: string;
  /** What it left: paths, digests, sizes. */
  readonly output?: unknown;
  /** Why it failed, in one line. */
  readonly reason?: string;
}

/** `state.json` of a run: enough to see, later or from outside, how far it came. */
export interface RunState {
  readonly schema: 1;
  readonly id: string;
  readonly profile: string;
  readonly line: string;
  readonly createdAt: string;
  readonly owner: ProcessIdentity | undefined;
  readonly long?: string;
  /** LONG of the release whose content the run's disk has, when nothing was filed for that reason. */
  readonly equalTo?: string;
  readonly status: 'running' | 'done' | 'failed';
  readonly stages: Readonly<Partial<Record<StageName, StageRecord>>>;
}

/** Where the runs of a state directory lie. */
export function runsDirectory(stateDirectory: string): string {
  return join(stateDirectory, 'runs');
}

/** Reads the state of a run; undefined when the directory holds none, or a damaged one. */
export async function readRunState(path: string): Promise<RunState | undefined> {
  const found = await readJsonObjectIfExists(join(path, STATE_FILE)).catch(() => undefined);
  if (found === undefined) return undefined;
  const { profile, line, createdAt, long, equalTo, status } = found;
  if (typeof profile !== 'string' || typeof line !== 'string' || typeof createdAt !== 'string')
    return undefined;
  if (status !== 'running' && status !== 'done' && status !== 'failed') return undefined;
  return {
    schema: 1,
    id: basename(path),
    profile,
    line,
    createdAt,
    owner: parseProcessIdentity(found['owner']),
    ...(typeof long === 'string' ? { long } : {}),
    ...(typeof equalTo === 'string' ? { equalTo } : {}),
    status,
    stages: parseStages(found['stages']),
  };
}

/** A directory that belongs to one run; everything the run makes lies in it until it is filed. */
export class RunDirectory {
  readonly path: string;
  #state: RunState;
  /** The last write begun: states reach the disk in the order in which they came about. */
  #written: Promise<void> = Promise.resolve();

  private constructor(path: string, state: RunState) {
    this.path = path;
    this.#state = state;
  }

  /** Makes `runs/<YYYYMMDD-HHMM>-<profile>-<random>` below the state directory. */
  static async create(
    stateDirectory: string,
    profile: string,
    line: string,
    now: Date,
  ): Promise<RunDirectory> {
    const stamp = now.toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 13);
    const runs = runsDirectory(stateDirectory);
    const id = await makeFreshDirectory(runs, `${stamp}-${profile}`);
    const owner = await readProcessIdentity();
    const createdAt = now.toISOString();
    const state: RunState = { schema: 1, id, profile, line, createdAt, owner, status: 'running', stages: {} };
    const directory = new RunDirectory(join(runs, id), state);
    await directory.update({});
    return directory;
  }

  /** Takes a run over that ended before it was done, to go on with it; from now on it is ours. */
  static async reopen(path: string, state: RunState): Promise<RunDirectory> {
    const owner = await readProcessIdentity();
    const directory = new RunDirectory(path, { ...state, owner });
    await directory.update({ status: 'running' });
    return directory;
  }

  /** Name of the run, as people give it to `--resume` and `run`. */
  get id(): string {
    return this.#state.id;
  }

  /** What is known of a stage, also from before the run was taken over. */
  stage(name: StageName): StageRecord | undefined {
    return this.#state.stages[name];
  }

  /** The path of something inside. */
  file(...names: string[]): string {
    return join(this.path, ...names);
  }

  /** Changes facts of the run and writes them down. */
  async update(facts: Partial<Pick<RunState, 'long' | 'equalTo' | 'status'>>): Promise<void> {
    this.#state = { ...this.#state, ...facts };
    const text = `${JSON.stringify(this.#state, null, 2)}\n`;
    this.#written = this.#written
      .catch(() => {})
      .then(() => writeFileAtomically(this.file(STATE_FILE), text));
    await this.#written;
  }

  /** Changes what is known of a stage and writes it down. */
  async recordStage(stage: StageName, record: StageRecord): Promise<void> {
    this.#state = { ...this.#state, stages: { ...this.#state.stages, [stage]: record } };
    await this.update({});
  }
}

const STATE_FILE = 'state.json';

function parseStages(value: unknown): RunState['stages'] {
  if (typeof value !== 'object' || value === null) return {};
  const found = value as Partial<Record<StageName, StageRecord>>;
  return Object.fromEntries(
    STAGES.flatMap((stage) => {
      const record = found[stage];
      return typeof record === 'object' && typeof record.startedAt === 'string' ? [[stage, record]] : [];
    }),
  );
}

/** Two runs may begin in the same minute and draw the same lot; a directory never belongs to both. */
async function makeFreshDirectory(parent: string, stem: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  for (;;) {
    const name = `${stem}-${randomBytes(2).toString('hex')}`;
    try {
      await mkdir(join(parent, name));
      return name;
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw error;
    }
  }
}
