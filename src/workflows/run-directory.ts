import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError, writeFileAtomically } from '../host/files.ts';
import { readProcessIdentity, type ProcessIdentity } from '../host/process-identity.ts';
import type { StageName } from './events.ts';

/** What is known of one stage of a run. */
export interface StageRecord {
  readonly status: 'running' | 'done' | 'failed' | 'undone';
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
  readonly status: 'running' | 'done' | 'failed';
  readonly stages: Readonly<Partial<Record<StageName, StageRecord>>>;
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
    const runs = join(stateDirectory, 'runs');
    const id = await makeFreshDirectory(runs, `${stamp}-${profile}`);
    const path = join(runs, id);
    const owner = await readProcessIdentity();
    const state: RunState = {
      schema: 1,
      id,
      profile,
      line,
      createdAt: now.toISOString(),
      owner,
      status: 'running',
      stages: {},
    };
    const directory = new RunDirectory(path, state);
    await directory.update({});
    return directory;
  }

  /** Name of the run, as people give it to `--resume` and `run`. */
  get id(): string {
    return this.#state.id;
  }

  /** The path of something inside. */
  file(...names: string[]): string {
    return join(this.path, ...names);
  }

  /** Changes facts of the run and writes them down. */
  async update(facts: Partial<Pick<RunState, 'long' | 'status'>>): Promise<void> {
    this.#state = { ...this.#state, ...facts };
    const text = `${JSON.stringify(this.#state, null, 2)}\n`;
    this.#written = this.#written
      .catch(() => {})
      .then(() => writeFileAtomically(this.file('state.json'), text));
    await this.#written;
  }

  /** Changes what is known of a stage and writes it down. */
  async recordStage(stage: StageName, record: StageRecord): Promise<void> {
    this.#state = { ...this.#state, stages: { ...this.#state.stages, [stage]: record } };
    await this.update({});
  }
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
