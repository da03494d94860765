import { machine } from 'node:os';
import { chooseAccelerator, type AcceleratorVerdict } from '../host/accelerator.ts';
import { findReadableKernel, requireReadableKernel } from '../host/host-kernel.ts';
import { probeTools, requireTools } from '../host/tools.ts';
import type { Profile } from '../profiles/profile.ts';
import type { BuildRequest, WorkflowContext } from './build-request.ts';
import { usesGuestfs } from './finish-disk.ts';
import { findTestFirmware } from './find-test-firmware.ts';
import { findPacker, type InstalledPacker } from './find-packer.ts';
import { requireHostArchitecture } from './host-architecture.ts';

/** What a build needs to know of this machine. */
export interface HostFacts {
  readonly packer: InstalledPacker;
  readonly accelerator: AcceleratorVerdict;
  /** Versions of the programs that a build uses, by name. */
  readonly tools: Readonly<Record<string, string>>;
}

/**
 * Looks at this machine, for these profiles. Raises `E_HOST_ARCHITECTURE` first of all, `E_TOOLS_MISSING` with every
 * program that is missing or too old, `E_NO_KERNEL` when libguestfs would have none to boot, `E_NO_FIRMWARE` when a
 * UEFI disk could not be tested, and what choosing a Packer and an accelerator raises.
 *
 * @param architecture this machine's processor, as `uname -m` names it
 */
export async function probeHost(
  profiles: readonly Profile[],
  request: Pick<BuildRequest, 'packer' | 'accelerator'> & Partial<Pick<BuildRequest, 'test'>>,
  context: WorkflowContext,
  architecture = machine(),
): Promise<HostFacts> {
  requireHostArchitecture(
    architecture,
    profiles.map(({ os }) => os.architecture),
  );
  const { run, environment, signal } = context;
  const probed = requireTools(await probeTools(run, { environment, packer: request.packer, signal }));
  const [packer, kernel] = await Promise.all([findPacker(request.packer, context), findReadableKernel()]);
  if (profiles.some(({ finish }) => usesGuestfs(finish.sparsify))) requireReadableKernel(kernel);
  if (request.test === true) await requireTestFirmware(profiles);
  const accelerator = await chooseAccelerator(run, {
    choice: request.accelerator,
    cacheDirectory: context.directories.cache,
    kernel,
    signal,
  });
  const tools = Object.fromEntries(probed.map(({ tool, version }) => [tool.program, version ?? 'unknown']));
  return { packer, accelerator, tools };
}

/** A disk that boots by UEFI is only worth building here when it can be booted. */
async function requireTestFirmware(profiles: readonly Profile[]): Promise<void> {
  for (const { disk } of profiles) await findTestFirmware(disk.layout === 'bios' ? 'bios' : 'efi', disk);
}

/** The line above a build: who works on what. */
export function describeHost({ packer, accelerator, tools }: HostFacts): string {
  const how = accelerator.accelerator === 'kvm' ? 'KVM' : `TCG (${accelerator.reason})`;
  return `packer ${packer.dialect.version} · qemu ${tools['qemu-system-x86_64'] ?? 'unknown'} · ${how}`;
}
