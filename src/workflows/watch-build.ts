import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../errors/failure.ts';
import { inOwnProcesses } from '../host/own-processes.ts';
import type { SecretFilter } from '../host/secrets.ts';
import { holdMachine, MACHINE_HELD } from '../packer/hold-machine.ts';
import { parsePackerLine } from '../packer/machine-readable.ts';
import { readPackerError } from '../packer/packer-errors.ts';
import { isIntroduction, PackerProgressReader } from '../packer/progress.ts';
import type { ProvisioningStep } from '../packer/provisioning.ts';
import { RUN_FILES } from '../packer/qemu-source.ts';
import { packerBuildCommand, type PackerRun } from '../packer/run-command.ts';
import type { WorkflowContext } from './build-request.ts';
import { explainPackerFailure } from './explain-packer-failure.ts';
import { PackerTale } from './packer-tale.ts';
import { MachineWatch, type MachineEnd } from './watch-machine.ts';

/** A build by Packer, and who follows it. */
export interface WatchedBuild {
  readonly run: PackerRun;
  readonly steps: readonly ProvisioningStep[];
  /** Directory of the run. */
  readonly directory: string;
  /** Directory of the virtual machine's files. */
  readonly vm: string;
  readonly deadlineMs: number;
  readonly secrets: SecretFilter;
  readonly onProgress: (detail: string, percent?: number) => void;
}

/** QEMU has gone but Packer has not noticed: it is given this long to end by itself first. */
const QEMU_GONE_GRACE_MS = 3000;

/** Lines of two streams of one program arrive in any order, but not later than this after one another. */
const STREAM_LAG_MS = 100;

/** A guest under emulation that powers off needs some seconds after its network has gone. */
const LAST_WORDS_MS = 10_000;

/** Longest time that seeing a machine off takes: two answers of QEMU that never come. */
const SEE_OFF_MS = 30_000;

/** Name of the picture of the screen in a run's directory. */
const SCREEN_FILE = 'screen.png';

/**
 * Runs Packer and watches it and its machine. When something fails, or the machine says that it cannot go on, its
 * screen is photographed and it is ended, its disk whole as far as it was written.
 *
 * Raises what {@link explainPackerFailure} makes of a failure, and `E_LOG_NOT_WRITTEN`.
 */
export async function watchBuild(build: WatchedBuild, context: WorkflowContext): Promise<void> {
  const watch = new BuildWatch(build);
  await rm(join(build.directory, SCREEN_FILE), { force: true });
  // Packer's temporary files go with the run directory, however it ends.
  const temporary = join(build.directory, 'tmp');
  await mkdir(temporary, { recursive: true });
  // The screen is photographed when the time is over; only then is Packer ended without further ado.
  const spec = packerBuildCommand(build.run, build.deadlineMs + SEE_OFF_MS);
  const held = holdMachine(
    // A Packer that panics leaves its whole log where it was started, secrets included.
    { ...spec, env: { ...spec.env, TMPDIR: temporary }, cwd: temporary },
    join(build.vm, RUN_FILES.pid),
  );
  await watch.start();
  const timer = setTimeout(() => watch.expire(), build.deadlineMs);
  try {
    await context.run(inOwnProcesses(held), {
      signal: AbortSignal.any([context.signal, watch.stop]),
      onLine: (line, stream) => watch.hear(line, stream),
    });
  } catch (error) {
    if (context.signal.aborted) throw error;
    throw await watch.explain(error);
  } finally {
    clearTimeout(timer);
    await watch.close();
    // Packer keeps the variables of a running script there, and cannot remove them when it is killed or panics.
    await rm(temporary, { recursive: true, force: true });
  }
}

class BuildWatch {
  readonly #build: WatchedBuild;
  readonly #tale = new PackerTale();
  readonly #progress: PackerProgressReader;
  readonly #log: WriteStream;
  readonly #stop = new AbortController();
  readonly #closed = new AbortController();
  #machine: MachineWatch | undefined;
  #end: MachineEnd | undefined;
  #isGone = false;
  #logError: Error | undefined;

  constructor(build: WatchedBuild) {
    this.#build = build;
    this.#progress = new PackerProgressReader(build.steps);
    this.#log = createWriteStream(join(build.directory, 'packer.log'), { flags: 'a' });
    this.#log.on('error', (error) => {
      this.#logError = error;
      this.#stop.abort();
    });
  }

  /** Aborted when Packer is to be ended. */
  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  async start(): Promise<void> {
    const { vm, secrets } = this.#build;
    this.#machine = await MachineWatch.start({
      vm,
      secrets,
      onEnd: (end) => void this.#giveUp(end),
      onGone: () => void this.#lose(),
    });
  }

  /** The build takes longer than it may. */
  expire(): void {
    const seconds = Math.round(this.#build.deadlineMs / 1000);
    const reason = `Packer ran longer than ${seconds} s and was ended`;
    void this.#giveUp({ code: 'E_COMMAND_TIMEOUT', isHostFault: false, reason });
  }

  hear(line: string, stream: 'stdout' | 'stderr'): void {
    const text = this.#build.secrets.text(line);
    if (stream === 'stdout') return this.#hearPacker(text);
    if (text === MACHINE_HELD) return void this.#seeOffHeld();
    this.#log.write(`${text}\n`);
    const said = this.#tale.hearLog(text);
    if (said !== undefined) this.#machine?.hear(said, 'qemu');
  }

  async explain(error: unknown): Promise<unknown> {
    const { directory, secrets } = this.#build;
    if (this.#logError) return logCannotBeWritten(directory, this.#logError);
    return explainPackerFailure(error, {
      tale: this.#tale,
      step: this.#progress.step,
      consoles: this.#machine?.consoles,
      shutdown: this.#machine?.shutdown,
      end: this.#end,
      isGone: this.#isGone,
      directory,
      screen: join(directory, SCREEN_FILE),
      secrets,
    });
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#machine?.close();
    this.#log.end();
    await finished(this.#log).catch(() => {});
  }

  #hearPacker(text: string): void {
    for (const event of parsePackerLine(text)) {
      this.#tale.hear(event);
      const heard = this.#progress.read(event);
      if (event.type === 'ui' && this.#isOfProvisioner(event.text))
        this.#machine?.hear(event.text, 'provisioner');
      if (!heard) continue;
      const { step, detail } = heard;
      this.#build.onProgress(
        step ? `${step.number} of ${step.total} ${step.name}${detail === '' ? '' : `: ${detail}`}` : detail,
      );
    }
  }

  /** Packer itself tells errors in the same way, which are not the provisioner's. */
  #isOfProvisioner(text: string): boolean {
    if (this.#progress.step === undefined || this.#tale.hasGivenUp) return false;
    return !isIntroduction(text) && readPackerError(text, '') === undefined;
  }

  /** The machine cannot go on, and Packer would wait for it. */
  async #giveUp(end: MachineEnd): Promise<void> {
    this.#end = end;
    await this.#seeOff();
    this.#stop.abort();
  }

  async #lose(): Promise<void> {
    await delay(QEMU_GONE_GRACE_MS, undefined, { signal: this.#closed.signal }).catch(() => {});
    if (this.#tale.shuttingDown || this.#closed.signal.aborted) return;
    this.#isGone = true;
    this.#stop.abort();
  }

  /** Packer has failed. A guest that is going down takes its network first, and says a little later what it does. */
  async #seeOffHeld(): Promise<void> {
    // What Packer wrote last comes by another stream.
    await delay(STREAM_LAG_MS);
    if (this.#tale.lostConnection) await this.#machine?.waitForEnd(LAST_WORDS_MS);
    await this.#seeOff();
  }

  async #seeOff(): Promise<void> {
    await this.#machine?.photograph(join(this.#build.directory, SCREEN_FILE));
    await this.#machine?.halt();
  }
}

/** Mostly a full disk, which the guest's own disk is on as well. */
function logCannotBeWritten(directory: string, cause: Error): Failure {
  return new Failure('host', 'E_LOG_NOT_WRITTEN', `Packer's log cannot be written: ${cause.message}`, {
    hint: `look at the space that is left below ${directory}`,
    cause,
  });
}
