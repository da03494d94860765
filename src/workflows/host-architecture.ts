import { Failure } from '../errors/failure.ts';
import { machineArchitecture, type DebianArchitecture } from '../values/architecture.ts';

/** What a build asks of the processor, and what helps where it is another one; `doctor` and a build say the same. */
export const ARCHITECTURE_REMEDY = 'build on an x86_64 machine: programs of the guest run on this processor';

/**
 * Whether guests of this architecture can be built on a host. Those of amd64 need an x86_64 host, as the base disk is
 * made by running the guest's own programs there.
 *
 * @param host the machine's name of itself (`uname -m`): `x86_64`, `aarch64`
 */
export function canBuildOn(host: string, architecture: DebianArchitecture): boolean {
  return architecture !== 'amd64' || host === machineArchitecture(architecture);
}

/** Raises `E_HOST_ARCHITECTURE` when one of these architectures cannot be built on the host; see {@link canBuildOn}. */
export function requireHostArchitecture(host: string, architectures: readonly DebianArchitecture[]): void {
  const wanted = architectures.find((architecture) => !canBuildOn(host, architecture));
  if (wanted === undefined) return;
  const message = `a template for ${wanted} cannot be built on this machine, which is ${host}`;
  throw new Failure('host', 'E_HOST_ARCHITECTURE', message, {
    hint: ARCHITECTURE_REMEDY,
    evidence: { wanted, host },
  });
}
