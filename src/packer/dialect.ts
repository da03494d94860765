import { Failure } from '../errors/failure.ts';
import type { CommandSpec } from '../values/command-spec.ts';

/**
 * Which HCL a Packer reads. `classic` is 1.6.5 up to 1.6.x with the QEMU builder inside; `modern` is 1.10 and
 * later, where the builder is a plugin named in `required_plugins` and fetched by `packer init`.
 */
export interface PackerDialect {
  readonly name: 'classic' | 'modern';
  /** Packer's own version, without a leading `v`: `1.6.6`. */
  readonly version: string;
}

/**
 * QEMU plugins that the modern dialect accepts. 1.1.0 brought what we use; 1.1.2 halts a machine that has no
 * communicator at once (packer-plugin-qemu issue 197).
 */
export const QEMU_PLUGIN_CONSTRAINT = '>= 1.1.0, != 1.1.2';

/** The oldest plugin that the constraint admits: a newer option may not be written. */
const OLDEST_QEMU_PLUGIN = '1.1.0';

/** Asks a Packer for its version; the answer is read by {@link parsePackerVersion}. */
export function packerVersionCommand(packer: string): CommandSpec {
  return {
    command: packer,
    args: ['version', '-machine-readable'],
    env: { CHECKPOINT_DISABLE: '1' },
    deadlineMs: 20_000,
  };
}

/**
 * The version in what `packer version -machine-readable` printed, such as `1.6.6` or `1.17.0-dev`.
 * Raises `E_PACKER_VERSION` when no version is there: another program of that name.
 */
export function parsePackerVersion(output: string): string {
  const version = /^\d+,,version,v?(\d+\.\d+\.\d+)$/m.exec(output)?.[1];
  if (version === undefined) {
    throw new Failure('host', 'E_PACKER_VERSION', 'packer is not HashiCorp Packer: it printed no version', {
      hint: 'name the right program with --packer PATH or MINTMARK_PACKER',
    });
  }
  const preRelease = /^\d+,,version-prelease,(\S+)$/m.exec(output)?.[1];
  return preRelease === undefined ? version : `${version}-${preRelease}`;
}

/**
 * The dialect for a version of Packer. Raises `E_PACKER_VERSION` with the reason when there is none:
 * builds without a communicator are broken before 1.6.5; 1.7 to 1.9 carry old QEMU plugins inside.
 */
export function planDialect(version: string): PackerDialect {
  if (atLeast(version, '1.10.0')) return { name: 'modern', version };
  if (atLeast(version, '1.7.0'))
    throw unusable(version, 'Packer 1.7 to 1.9 come with QEMU plugins that are too old');
  if (atLeast(version, '1.6.5')) return { name: 'classic', version };
  throw unusable(version, 'before 1.6.5 Packer lacks parts of HCL that the project needs');
}

function unusable(version: string, reason: string): Failure {
  return new Failure('host', 'E_PACKER_VERSION', `Packer ${version} cannot be used: ${reason}`, {
    hint: 'install Packer 1.6.5 or 1.6.6 (as in Debian) or 1.10 or later, or name one with --packer PATH',
    evidence: { version },
  });
}

/**
 * Options of the QEMU builder that came after 1.6.5, with the plugin version that introduced each; found by
 * comparing `config.hcl2spec.go` of the plugin's releases. Packer refuses an option that it does not know.
 */
const PLUGIN_OPTIONS: Readonly<Record<string, string>> = {
  boot_steps: '1.0.7',
  cd_content: '1.0.1',
  cores: '1.0.7',
  cpu_model: '1.0.9',
  efi_boot: '1.0.7',
  efi_drop_efivars: '1.0.10',
  efi_firmware_code: '1.0.7',
  efi_firmware_vars: '1.0.7',
  firmware: '1.0.0',
  floppy_content: '1.0.2',
  http_content: '1.0.0',
  http_network_protocol: '1.1.1',
  sockets: '1.0.7',
  threads: '1.0.7',
  tpm_device_type: '1.0.7',
  use_pflash: '1.0.3',
  use_tpm1: '1.0.7',
  vga: '1.0.7',
  vnc_password: '1.1.2',
  vtpm: '1.0.7',
};

/** Options of the QEMU builder that Packer 1.6.5 knows and every later plugin too; those that projects may use. */
const CLASSIC_OPTIONS: ReadonlySet<string> = new Set(
  `accelerator boot_command boot_wait cd_files cd_label communicator cpus disable_vnc disk_additional_size
  disk_cache disk_compression disk_detect_zeroes disk_discard disk_image disk_interface disk_size format headless
  host_port_max host_port_min http_bind_address http_directory http_port_max http_port_min iso_checksum iso_url
  machine_type memory net_bridge net_device output_directory qemu_binary qemu_img_args qemuargs shutdown_command
  shutdown_timeout skip_compaction skip_resize_disk ssh_disable_agent_forwarding ssh_file_transfer_method
  ssh_handshake_attempts ssh_port ssh_private_key_file ssh_timeout ssh_username use_backing_file vm_name
  vnc_bind_address vnc_port_max vnc_port_min`.split(/\s+/),
);

/** Whether every Packer (and QEMU plugin) of the dialect knows this option of the QEMU builder. */
export function hasQemuOption(dialect: PackerDialect, option: string): boolean {
  if (CLASSIC_OPTIONS.has(option)) return true;
  const since = PLUGIN_OPTIONS[option];
  return dialect.name === 'modern' && since !== undefined && atLeast(OLDEST_QEMU_PLUGIN, since);
}

/** Whether `version` is `minimum` or later; a pre-release counts as the release it leads to. */
function atLeast(version: string, minimum: string): boolean {
  const have = numbersOf(version);
  for (const [index, wanted] of numbersOf(minimum).entries()) {
    const found = have[index] ?? 0;
    if (found !== wanted) return found > wanted;
  }
  return true;
}

function numbersOf(version: string): number[] {
  return (version.split('-')[0] ?? '').split('.').map(Number);
}
