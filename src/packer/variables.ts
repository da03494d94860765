/** A variable of the rendered project. */
export interface ProjectVariable {
  readonly name: string;
  readonly description: string;
  /** Absent: the caller must give a value. */
  readonly defaultValue?: string;
}

/** A value that only the environment of Packer's process may carry. */
export interface SecretVariable {
  /** Packer's name for it: `secret_` and the name below. */
  readonly name: string;
  /** The variable of our own environment that holds the value. */
  readonly fromEnv: string;
}

/** What every project must be told about the machine and the run it is built on. */
export const REQUIRED_VARIABLES = [
  { name: 'base_disk', description: 'Path of the base disk (qcow2); it is read, never written' },
  { name: 'base_sha256', description: 'SHA-256 of the base disk, in hexadecimal' },
  { name: 'root_uuid', description: 'UUID of the root filesystem on the base disk' },
  { name: 'kernel', description: "Path of the base disk's own kernel" },
  { name: 'initrd', description: 'Path of the initramfs that prepares the build: network, login, key' },
  { name: 'ssh_private_key_file', description: 'Path of a private key made for this build' },
  { name: 'ssh_public_key_base64', description: 'Its authorized_keys line, in base64 without line breaks' },
  { name: 'output_directory', description: 'Directory for disk.qcow2; must not exist' },
  {
    name: 'run_directory',
    description: 'Existing directory for the serial log, the sockets and the pid file',
  },
] as const satisfies readonly ProjectVariable[];

/** Name of a variable that the caller must give. */
export type RequiredVariable = (typeof REQUIRED_VARIABLES)[number]['name'];

/** What a project can be told; the defaults suit a machine without a usable accelerator. */
export const OPTIONAL_VARIABLES = [
  { name: 'accelerator', description: 'QEMU accelerator: kvm or tcg', defaultValue: 'tcg' },
  {
    name: 'cpu_model',
    description: 'QEMU processor model: host with kvm, max with tcg',
    defaultValue: 'max',
  },
  {
    name: 'ssh_timeout',
    description: 'How long the guest may take until it accepts the key',
    defaultValue: '15m',
  },
  {
    name: 'console',
    description:
      'file: consoles are written to run_directory; socket: sent to sockets there, on which somebody listens',
    defaultValue: 'file',
  },
  { name: 'shutdown_timeout', description: 'How long the guest may take to power off', defaultValue: '10m' },
  { name: 'http_proxy', description: 'Proxy for provisioners; empty for none', defaultValue: '' },
  { name: 'https_proxy', description: 'Proxy for provisioners; empty for none', defaultValue: '' },
  { name: 'no_proxy', description: 'Hosts that provisioners reach without a proxy', defaultValue: '' },
] as const satisfies readonly ProjectVariable[];

/** Name of a variable with a default. */
export type OptionalVariable = (typeof OPTIONAL_VARIABLES)[number]['name'];
