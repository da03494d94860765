import { machine as processorName, userInfo } from 'node:os';
import { readFreeSpace } from '../host/free-space.ts';
import type { WorkflowContext } from './build-request.ts';
import { checkMemory, checkPorts, checkSpace } from './doctor-capacity.ts';
import { findingsOf, type DoctorFinding } from './doctor-finding.ts';
import {
  checkAccelerator,
  checkArchitecture,
  checkKernel,
  checkNamespaces,
  checkNode,
  checkTools,
  type DoctorMachine,
} from './doctor-machine.ts';
import { checkLeftovers } from './doctor-leftovers.ts';
import { checkMirror } from './doctor-mirror.ts';

/** What `doctor` was asked. */
export interface DoctorRequest {
  readonly catalogue: string;
  /** `--packer`. */
  readonly packer?: string | undefined;
  /** `--mirror`. */
  readonly mirror?: string | undefined;
  /** Skips the mirror. */
  readonly offline?: boolean | undefined;
  /** This machine by default. */
  readonly machine?: DoctorMachine | undefined;
}

/** What the doctor says. */
export interface DoctorReport {
  /** True when a build can work: nothing failed. */
  readonly healthy: boolean;
  /** In a fixed order: Node, architecture, programs, kernel, namespaces, accelerator, space, memory, ports, leftovers, mirror. */
  readonly findings: readonly DoctorFinding[];
}

/**
 * Looks at everything that a build needs of this machine, and goes on when something is missing.
 * Raises only `E_INTERRUPTED`.
 */
export async function runDoctor(request: DoctorRequest, context: WorkflowContext): Promise<DoctorReport> {
  const machine = request.machine ?? thisMachine();
  const places = { ...context.directories, catalogue: request.catalogue };
  // Alone and first: it measures speed.
  const accelerator = await findingsOf('accelerator', async () => checkAccelerator(context, machine));
  const [tools, kernel, namespaces, ...rest] = await Promise.all([
    findingsOf('tools', async () => checkTools(context, machine, request.packer)),
    findingsOf('guestfs kernel', async () => checkKernel(machine)),
    findingsOf('user namespaces', async () => checkNamespaces(context, machine)),
    findingsOf('space', async () => checkSpace(places, machine)),
    findingsOf('memory', async () => checkMemory(machine.root)),
    findingsOf('loopback ports', checkPorts),
    findingsOf('leftovers', async () => checkLeftovers(request, context, machine)),
    findingsOf('mirror', async () => (request.offline === true ? [] : checkMirror(context, request.mirror))),
  ]);
  const findings = [
    [checkNode(machine), checkArchitecture(machine)],
    tools,
    kernel,
    namespaces,
    accelerator,
    ...rest,
  ].flat();
  return { healthy: findings.every((finding) => finding.status !== 'fail'), findings };
}

function thisMachine(): DoctorMachine {
  const { uid, username } = userInfo();
  return {
    root: '',
    uid,
    userName: username,
    nodeVersion: process.versions.node,
    architecture: processorName(),
    kvm: '/dev/kvm',
    readFreeSpace,
  };
}
