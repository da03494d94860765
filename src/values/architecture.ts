/** Processor architectures as Debian names them; profiles use these. */
export type DebianArchitecture = 'amd64' | 'arm64';

/** Processor architectures as file names, manifests and CloudStack name them. */
export type MachineArchitecture = 'x86_64' | 'aarch64';

/** The word used in file names and manifests for a Debian architecture. */
export function machineArchitecture(architecture: DebianArchitecture): MachineArchitecture {
  return architecture === 'amd64' ? 'x86_64' : 'aarch64';
}
