import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BootPlan } from '../guest/boot-contract.ts';
import type { BootContractName } from '../guest/boot-contract-name.ts';
import { BOOT_CONTRACT_TABLE } from '../guest/boot-contracts.ts';
import type { Firmware } from '../guest/firmware.ts';
import { MACHINE_SHAPES } from '../guest/machine-shape.ts';
import type { SshLogin } from '../guest/ssh-command.ts';
import { findLoopbackPort } from '../host/loopback-port.ts';
import type { SecretFilter } from '../host/secrets.ts';
import { MIB } from '../values/byte-size.ts';
import type { WorkflowContext } from './build-request.ts';
import { makeSeedDisc } from './make-seed-disc.ts';
import { RunningMachine, type MachineListeners, type MachineRequest } from './run-machine.ts';
import type { TestedArtifact } from './tested-artifact.ts';

/** Settings that all machines of one test share. */
export interface TestBench {
  readonly accelerator: 'kvm' | 'tcg';
  readonly memoryMiB: number;
  /** The key that machines are given. */
  readonly key: { readonly file: string; readonly publicKey: string };
  /** Archive that system VMs are patched with. */
  readonly cloudScripts: Uint8Array;
  /** User that machines let in where the contract leaves that open. */
  readonly sshUser: string | undefined;
  readonly secrets: SecretFilter;
}

/** A machine that is to be started from an artifact. */
export interface TestGuestRequest {
  readonly artifact: TestedArtifact;
  readonly contract: BootContractName;
  /** Port that the image promises to have SSH on. */
  readonly sshPort: number;
  /** Host name; no two machines of a test share it. */
  readonly name: string;
  /** Directory for its files; made anew, and short. */
  readonly directory: string;
  readonly cpus: number;
  /** How much larger its disk is than the image, in MiB: the root file system has to grow. */
  readonly extraDiskMiB: number;
  readonly firmware?: Firmware | undefined;
  /** Port of 127.0.0.1 that leads to its SSH server; a free one unless given. */
  readonly hostPort?: number | undefined;
}

const OVERLAY_DEADLINE_MS = 60_000;

/** A machine with a disk of its own over an artifact that stays as it is; it can be started more than once. */
export class TestGuest {
  readonly plan: BootPlan;
  readonly directory: string;
  readonly login: SshLogin;
  readonly #machine: MachineRequest;
  readonly #bench: TestBench;
  readonly #context: WorkflowContext;

  private constructor(
    request: TestGuestRequest,
    parts: { readonly plan: BootPlan; readonly machine: MachineRequest; readonly bench: TestBench },
    context: WorkflowContext,
  ) {
    this.plan = parts.plan;
    this.directory = request.directory;
    this.#machine = parts.machine;
    this.#bench = parts.bench;
    this.#context = context;
    const { hostPort } = parts.machine.ssh;
    this.login = { user: parts.plan.ssh.user, port: hostPort, key: parts.bench.key.file };
  }

  /** Makes overlay, seed discs and firmware variables; nothing runs yet. Raises what the programs raise. */
  static async prepare(
    request: TestGuestRequest,
    bench: TestBench,
    context: WorkflowContext,
  ): Promise<TestGuest> {
    const { artifact, contract, directory, firmware } = request;
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true });
    const plan = BOOT_CONTRACT_TABLE[contract].plan({
      target: artifact.target,
      name: request.name,
      publicKey: bench.key.publicKey,
      sshPort: request.sshPort,
      sshUser: bench.sshUser,
      cloudScripts: bench.cloudScripts,
    });
    const shape = MACHINE_SHAPES[artifact.target];
    const { network, address, port } = plan.ssh;
    const machine: MachineRequest = {
      accelerator: bench.accelerator,
      cpus: request.cpus,
      memoryMiB: bench.memoryMiB,
      shape,
      image: artifact.imageOptions,
      overlay: await makeOverlay(request, context),
      ...(firmware === undefined ? {} : { firmware: await copyVariables(firmware, directory) }),
      discs: await makeDiscs(plan, directory, context),
      networks: plan.networks,
      ssh: {
        network,
        hostPort: request.hostPort ?? (await findLoopbackPort()),
        guestAddress: address,
        guestPort: port,
      },
      credentials: plan.credentials,
      hasAgentPort: shape.hasAgentPort,
    };
    return new TestGuest(request, { plan, machine, bench }, context);
  }

  /** Powers it on. */
  start(
    onSerial?: (line: string, atMs: number) => void,
    listeners: MachineListeners = {},
  ): Promise<RunningMachine> {
    const { secrets } = this.#bench;
    const place = { onSerial, ...listeners, directory: this.directory, secrets };
    return RunningMachine.start(this.#machine, place, this.#context);
  }

  /** Removes everything but its logs and the picture of its screen. */
  async removeDisks(): Promise<void> {
    const { overlay, discs, firmware } = this.#machine;
    const paths = [overlay, ...discs, ...(firmware === undefined ? [] : [firmware.variables])];
    for (const path of paths) await rm(path, { force: true });
  }
}

async function makeOverlay(
  { artifact, extraDiskMiB, directory }: TestGuestRequest,
  { run, signal }: WorkflowContext,
): Promise<string> {
  const overlay = join(directory, 'overlay.qcow2');
  const size = artifact.virtualSizeBytes + extraDiskMiB * MIB;
  const args = ['create', '-q', '-f', 'qcow2', overlay, String(size)];
  await run({ command: 'qemu-img', args, deadlineMs: OVERLAY_DEADLINE_MS }, { signal });
  return overlay;
}

async function copyVariables(
  code: Firmware,
  directory: string,
): Promise<{ readonly code: Firmware; readonly variables: string }> {
  const variables = join(directory, 'variables.fd');
  await copyFile(code.variables, variables);
  return { code, variables };
}

async function makeDiscs(plan: BootPlan, directory: string, context: WorkflowContext): Promise<string[]> {
  const paths: string[] = [];
  for (const [index, disc] of plan.discs.entries()) {
    const path = join(directory, `disc${index}.iso`);
    await makeSeedDisc(disc, path, context);
    paths.push(path);
  }
  return paths;
}
