import { access } from 'node:fs/promises';
import { Failure } from '../errors/failure.ts';
import { chooseAccelerator, type AcceleratorRequest } from '../host/accelerator.ts';
import { readTextIfExists } from '../host/files.ts';
import type { FreeSpace } from '../host/free-space.ts';
import { findReadableKernel, NO_KERNEL } from '../host/host-kernel.ts';
import { NEEDED_FILES } from '../host/tool-table.ts';
import { describeBadTool, packerLicence, probeTools, toolRemedy, type ProbedTool } from '../host/tools.ts';
import type { WorkflowContext } from './build-request.ts';
import type { DoctorFinding } from './doctor-finding.ts';
import { ARCHITECTURE_REMEDY, canBuildOn } from './host-architecture.ts';

/** The machine that is looked at, for what the context does not say; tests make one up. */
export interface DoctorMachine {
  /** Directory that stands for `/`; empty for the real one. */
  readonly root: string;
  readonly uid: number;
  readonly userName: string;
  readonly nodeVersion: string;
  /** The processor, as `uname -m` names it. */
  readonly architecture: string;
  /** The KVM device. */
  readonly kvm: string;
  /** What is free for a directory, which may not exist yet. */
  readonly readFreeSpace: (directory: string) => Promise<FreeSpace>;
}

const CONTAINER_REMEDY =
  'a container needs the right to mount (CAP_SYS_ADMIN) and a root that is a mount point';
/** The first is Debian's switch, the second Ubuntu's. */
const NAMESPACE_REMEDY =
  'as root: sysctl kernel.unprivileged_userns_clone=1, or kernel.apparmor_restrict_unprivileged_userns=0';

/** Subordinate ids that a guest's users and groups need: 0 to 65535, `nobody` among them. */
const GUEST_IDS = 65_536;

/** Node itself; an older one would hardly have come this far, but the number helps in a bug report. */
export function checkNode(machine: DoctorMachine): DoctorFinding {
  return { name: 'node', status: 'ok', text: machine.nodeVersion };
}

/** Whether templates can be built on this processor; all that exist are for amd64. */
export function checkArchitecture({ architecture }: DoctorMachine): DoctorFinding {
  const name = 'architecture';
  if (canBuildOn(architecture, 'amd64')) return { name, status: 'ok', text: architecture };
  const text = `${architecture}, which cannot build templates for amd64`;
  return { name, status: 'fail', text, remedy: ARCHITECTURE_REMEDY };
}

/** Every program and data file of `host/tools.json`. */
export async function checkTools(
  context: WorkflowContext,
  machine: DoctorMachine,
  packer: string | undefined,
): Promise<readonly DoctorFinding[]> {
  const { run, environment, signal } = context;
  const probed = await probeTools(run, { environment, signal, packer, uid: machine.uid });
  const files = await Promise.all(
    NEEDED_FILES.filter((needed) => needed.for === undefined).map((needed) =>
      checkFile(needed.file, needed.package, machine),
    ),
  );
  return [...probed.map(toolFinding), ...files];
}

function toolFinding(found: ProbedTool): DoctorFinding {
  const name = found.tool.program;
  if (found.status !== 'ok') {
    return { name, status: 'fail', text: describeBadTool(found), remedy: toolRemedy([found]) };
  }
  const licence =
    name === 'packer' && found.version !== undefined ? ` (${packerLicence(found.version)})` : '';
  return { name, status: 'ok', text: `${found.version ?? found.path ?? ''}${licence}` };
}

async function checkFile(
  file: string,
  debianPackage: string,
  machine: DoctorMachine,
): Promise<DoctorFinding> {
  const name = debianPackage;
  try {
    await access(machine.root + file);
    return { name, status: 'ok', text: file };
  } catch {
    const remedy = `apt-get install --no-install-recommends ${debianPackage}`;
    return { name, status: 'fail', text: `${file} cannot be read`, remedy };
  }
}

/** The kernel that virt-sparsify's appliance boots. */
export async function checkKernel(machine: DoctorMachine): Promise<DoctorFinding> {
  const kernel = await findReadableKernel(`${machine.root}/boot`, `${machine.root}/lib/modules`);
  if (kernel !== undefined) return { name: 'guestfs kernel', status: 'ok', text: kernel };
  return { name: 'guestfs kernel', status: 'fail', ...NO_KERNEL };
}

/** Whether a private mount and process namespace can be had, and for an ordinary user a guest's worth of ids. */
export async function checkNamespaces(
  { run, signal }: WorkflowContext,
  machine: DoctorMachine,
): Promise<DoctorFinding> {
  const name = 'user namespaces';
  const isRoot = machine.uid === 0;
  if (!isRoot) {
    const lacking = await missingSubordinateIds(machine);
    if (lacking !== undefined) return { name, status: 'fail', ...lacking };
  }
  const mapping = isRoot ? [] : ['--map-auto', '--map-root-user'];
  const args = [...mapping, '--mount', '--uts', '--pid', '--fork', '--kill-child', 'true'];
  try {
    await run({ command: 'unshare', args, deadlineMs: 10_000 }, { signal });
  } catch (error) {
    if (!(error instanceof Failure) || error.kind === 'interrupted') throw error;
    const text = error.details.at(-1) ?? error.message;
    return { name, status: 'fail', text, remedy: isRoot ? CONTAINER_REMEDY : NAMESPACE_REMEDY };
  }
  return { name, status: 'ok', text: isRoot ? 'not needed: this is root' : `${GUEST_IDS} ids` };
}

async function missingSubordinateIds(
  machine: DoctorMachine,
): Promise<{ text: string; remedy: string } | undefined> {
  for (const file of ['/etc/subuid', '/etc/subgid']) {
    const text = (await readTextIfExists(machine.root + file)) ?? '';
    const ranges = text.split('\n').map((line) => line.split(':'));
    const mine = ranges.filter(([owner]) => owner === machine.userName || owner === String(machine.uid));
    if (mine.some(([, , count]) => Number(count) >= GUEST_IDS)) continue;
    const options = '--add-subuids 100000-165535 --add-subgids 100000-165535';
    const remedy = `as root: usermod ${options} ${machine.userName} (a range that nobody else in the file has)`;
    return { text: `${file} has no ${GUEST_IDS} ids for ${machine.userName}`, remedy };
  }
  return undefined;
}

/** The verdict of the accelerator probe; slow is a warning, not a failure. */
export async function checkAccelerator(
  context: WorkflowContext,
  machine: DoctorMachine,
): Promise<DoctorFinding> {
  const kernel = await findReadableKernel(`${machine.root}/boot`, `${machine.root}/lib/modules`);
  const { environment, directories, signal } = context;
  const request: AcceleratorRequest = {
    choice: 'auto',
    cacheDirectory: directories.cache,
    kernel,
    device: machine.kvm,
    path: environment['PATH'],
    signal,
  };
  const verdict = await chooseAccelerator(context.run, request);
  if (verdict.accelerator === 'kvm')
    return { name: 'accelerator', status: 'ok', text: `KVM: ${verdict.reason}` };
  return {
    name: 'accelerator',
    status: 'warn',
    text: `TCG, slow but real: ${verdict.reason}`,
    remedy: verdict.reason.endsWith('not open to this user')
      ? 'as root: adduser YOU kvm, then log in again'
      : 'nested virtualisation on the host of this machine, or bare metal',
  };
}
