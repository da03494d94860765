import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../errors/failure.ts';
import type { BootContractName } from '../guest/boot-contract-name.ts';
import { renderSshLine } from '../guest/ssh-line.ts';
import { chooseAccelerator } from '../host/accelerator.ts';
import type { ConsoleTerminal } from '../host/console-bridge.ts';
import { isSystemError } from '../host/files.ts';
import { findReadableKernel } from '../host/host-kernel.ts';
import { findLoopbackPort } from '../host/loopback-port.ts';
import { createSecretFilter } from '../host/secrets.ts';
import { RUN_FILES } from '../packer/qemu-source.ts';
import type { TargetName } from '../profiles/profile.ts';
import type { WorkflowContext } from './build-request.ts';
import { makeCloudScripts } from './cloud-scripts.ts';
import { findTestFirmware } from './find-test-firmware.ts';
import { defaultContract, UNKNOWN_GUEST } from './guest-promises.ts';
import { ImageSession, type SessionOutcome } from './image-session.ts';
import { makeKey } from './make-key.ts';
import { findRunnableImage, type RunnableImage } from './runnable-image.ts';
import { TestGuest, type TestGuestRequest } from './test-guest.ts';
import { openArtifact, type TestedArtifact } from './tested-artifact.ts';
import { sweepWorkDirectories, withWorkDirectory } from './work-directory.ts';

/** What a person wants to boot. */
export interface RunImageRequest {
  /** A file, a release, or a build's run. */
  readonly image: string;
  readonly catalogue: string;
  readonly target?: TargetName | undefined;
  /** Contract to speak instead of the one that the image promises. */
  readonly contract?: BootContractName | undefined;
  readonly accelerator: 'auto' | 'kvm' | 'tcg';
  readonly memoryMiB?: number | undefined;
  readonly cpus?: number | undefined;
  readonly sshUser?: string | undefined;
  /** Port of 127.0.0.1 that leads to the guest's SSH server; a free one unless given. */
  readonly sshPort?: number | undefined;
  /** What the console is shown on; it goes only into its log when absent. */
  readonly terminal?: ConsoleTerminal | undefined;
}

/** An image that was booted for a person. */
export interface ImageRun extends SessionOutcome {
  /** How people call it. */
  readonly name: string;
  /** The artifact's path. */
  readonly path: string;
  readonly target: TargetName;
  readonly format: string;
  readonly contract: BootContractName;
  readonly accelerator: 'kvm' | 'tcg';
  readonly user: string;
  /** On 127.0.0.1. */
  readonly port: number;
  /** Where the private key was. */
  readonly key: string;
  /** The command line by which one could log in. */
  readonly ssh: string;
  readonly durationMs: number;
}

/** Memory of a machine unless another is asked for; what clouds call small. */
const DEFAULT_MEMORY_MIB = 1024;
/** How much larger its disk is than the image, in MiB: what one tries out needs room. */
const EXTRA_DISK_MIB = 1024;
/** Port of a system VM's SSH server, where no release says so (CloudStack, `patches/debian/opt/cloud/bin/setup`). */
const SYSTEM_VM_SSH_PORT = 3922;

/**
 * Boots an image for a person through an overlay: the image stays as it is, and everything that was made for the machine
 * goes away with it; what a killed process left of that goes the next time.
 *
 * Raises `E_NOT_FOUND`, `E_PORT_TAKEN`, `E_NO_FIRMWARE`, `E_QEMU_DIED`, and what opening the image and choosing an
 * accelerator raise. After a signal it returns, with all that is known.
 */
export async function runImage(request: RunImageRequest, context: WorkflowContext): Promise<ImageRun> {
  await sweepWorkDirectories(context);
  const places = { catalogue: request.catalogue, state: context.directories.state };
  const image = await findRunnableImage(request.image, places, request.target);
  const { accelerator, reason } = await chooseAccelerator(context.run, {
    choice: request.accelerator,
    cacheDirectory: context.directories.cache,
    kernel: await findReadableKernel(),
    signal: context.signal,
  });
  const machine = planMachine(request, image, accelerator);
  return withWorkDirectory('run', context, async (directory) => {
    const { guest, artifact } = await prepareGuest(machine, directory, context);
    const how = accelerator === 'kvm' ? 'KVM' : `TCG (${reason})`;
    announce(machine, { guest, artifact, how }, context);
    const began = performance.now();
    const outcome = await new ImageSession(guest, request.terminal, context).run();
    const { user, port, key } = guest.login;
    return {
      name: image.name,
      path: artifact.path,
      target: artifact.target,
      format: artifact.format,
      contract: machine.contract,
      accelerator,
      user,
      port,
      key,
      ssh: renderSshLine(guest.login),
      durationMs: Math.round(performance.now() - began),
      ...outcome,
    };
  });
}

/** A machine with nothing left open. */
interface PersonalMachine {
  readonly request: RunImageRequest;
  readonly image: RunnableImage;
  readonly accelerator: 'kvm' | 'tcg';
  readonly contract: BootContractName;
  readonly sshPort: number;
  readonly memoryMiB: number;
  readonly cpus: number;
}

function planMachine(
  request: RunImageRequest,
  image: RunnableImage,
  accelerator: 'kvm' | 'tcg',
): PersonalMachine {
  const { guest } = image.promise;
  const contract = request.contract ?? defaultContract(guest);
  const isSystemVm = contract === 'cloudstack' || contract === 'cosmic';
  return {
    request,
    image,
    accelerator,
    contract,
    sshPort: guest === UNKNOWN_GUEST && isSystemVm ? SYSTEM_VM_SSH_PORT : guest.sshPort,
    memoryMiB: request.memoryMiB ?? DEFAULT_MEMORY_MIB,
    // Kernels trip over several emulated processors now and then; a person would blame the image.
    cpus: request.cpus ?? (accelerator === 'tcg' ? 1 : Math.min(2, availableParallelism())),
  };
}

async function prepareGuest(
  machine: PersonalMachine,
  directory: string,
  context: WorkflowContext,
): Promise<{ readonly guest: TestGuest; readonly artifact: TestedArtifact }> {
  const { request, image, accelerator, memoryMiB } = machine;
  const { disk } = image.promise.guest;
  const unpacked = join(directory, 'unpacked');
  await mkdir(unpacked);
  const key = join(directory, 'key');
  const artifact = await openArtifact(image.artifact, unpacked, context);
  const bench = {
    accelerator,
    memoryMiB,
    key: { file: key, publicKey: await makeKey(key, 'mintmark-run', context) },
    cloudScripts: makeCloudScripts(),
    sshUser: request.sshUser,
    secrets: createSecretFilter([]),
  };
  const guest: TestGuestRequest = {
    artifact,
    contract: machine.contract,
    sshPort: machine.sshPort,
    name: 'mintmark-run',
    directory: join(directory, 'vm'),
    cpus: machine.cpus,
    extraDiskMiB: EXTRA_DISK_MIB,
    firmware: await findTestFirmware(disk.layout === 'uefi' ? 'efi' : 'bios', disk),
    hostPort: request.sshPort === undefined ? undefined : await requireFreePort(request.sshPort),
  };
  return { guest: await TestGuest.prepare(guest, bench, context), artifact };
}

async function requireFreePort(port: number): Promise<number> {
  try {
    return await findLoopbackPort({ first: port, last: port });
  } catch (error) {
    if (!isSystemError(error, 'EADDRINUSE', 'EACCES')) throw error;
    const why = error.code === 'EACCES' ? 'is not for this user' : 'is taken';
    const hint = 'name another, or none to get a free one';
    throw new Failure('host', 'E_PORT_TAKEN', `port ${port} of 127.0.0.1 ${why}`, { hint, cause: error });
  }
}

/** What a person must know before the console has the terminal. */
function announce(
  { image, contract, cpus, memoryMiB, request }: PersonalMachine,
  made: { readonly guest: TestGuest; readonly artifact: TestedArtifact; readonly how: string },
  { emit }: WorkflowContext,
): void {
  const { guest, artifact, how } = made;
  const processors = cpus === 1 ? '1 CPU' : `${cpus} CPUs`;
  const console = join(guest.directory, RUN_FILES.serial);
  const lines = [
    `${image.name} (${artifact.format}) in a ${artifact.target} machine: ${how}, ${processors}, ${memoryMiB} MiB, contract ${contract}`,
    renderSshLine(guest.login),
    request.terminal === undefined
      ? `its console is in ${console}; SIGINT (Ctrl-C) or its own power-off ends it, and all it wrote is thrown away`
      : 'Ctrl-] leaves: the guest is asked to power off, and all it wrote is thrown away',
  ];
  for (const text of lines) emit({ type: 'notice', text });
}
