import type { HclValue } from '../hcl/literal.ts';
import { hclReference, hclTemplate } from '../hcl/template.ts';
import type { Profile } from '../profiles/profile.ts';
import { hasQemuOption, type PackerDialect } from './dialect.ts';

/** Names of the files that QEMU writes into the run directory. */
export const RUN_FILES = {
  /** What the guest's kernel and systemd say. */
  serial: 'serial.log',
  /** What SeaBIOS says, before any kernel. */
  firmware: 'firmware.log',
  /** Where QEMU sends the serial line instead when somebody listens there, who then writes the log. */
  serialSocket: 'serial.sock',
  /** As `serialSocket`, for the firmware. */
  firmwareSocket: 'fw.sock',
  pid: 'qemu.pid',
  /** A QMP socket of our own; Packer keeps its own connection to itself. */
  qmp: 'qmp.sock',
} as const;

/** Ports of 127.0.0.1 among which Packer chooses one to reach the guest by. */
export const SSH_HOST_PORTS = { first: 22_000, last: 30_000 } as const;

/** File name of the finished disk in the output directory. */
export const DISK_FILE = 'disk.qcow2';

/** Options of the QEMU builder by name. */
export type SourceOptions = Readonly<Record<string, HclValue>>;

/** Every option of the project's one source, with nothing left to a default that differs between Packers. */
export function planSource(profile: Profile, dialect: PackerDialect): SourceOptions {
  return {
    ...DISK_OPTIONS,
    ...CONNECTION_OPTIONS,
    disk_size: `${profile.disk.sizeMiB}M`,
    cpus: profile.vm.cpus,
    memory: profile.vm.memoryMiB,
    qemuargs: planQemuArguments(dialect),
    ...planDialectOptions(dialect),
  };
}

/** The base disk is the backing file of a new overlay; the caller shrinks and checks the result itself. */
const DISK_OPTIONS: SourceOptions = {
  disk_image: true,
  iso_url: hclReference('var.base_disk'),
  iso_checksum: hclTemplate`sha256:${hclReference('var.base_sha256')}`,
  use_backing_file: true,
  skip_resize_disk: true,
  skip_compaction: true,
  format: 'qcow2',
  output_directory: hclReference('var.output_directory'),
  vm_name: DISK_FILE,
  disk_interface: 'virtio',
  // A build that loses power is started again, so the guest's flushes are wasted time.
  disk_cache: 'unsafe',
  disk_discard: 'unmap',
  disk_detect_zeroes: 'unmap',
};

const CONNECTION_OPTIONS: SourceOptions = {
  accelerator: hclReference('var.accelerator'),
  machine_type: 'pc',
  net_device: 'virtio-net',
  headless: true,
  disable_vnc: true,
  vnc_bind_address: '127.0.0.1',
  boot_wait: '-1s',
  http_bind_address: '127.0.0.1',
  host_port_min: SSH_HOST_PORTS.first,
  host_port_max: SSH_HOST_PORTS.last,
  communicator: 'ssh',
  ssh_username: 'root',
  ssh_port: 22,
  ssh_private_key_file: hclReference('var.ssh_private_key_file'),
  ssh_file_transfer_method: 'scp',
  ssh_disable_agent_forwarding: true,
  ssh_timeout: hclReference('var.ssh_timeout'),
  // Packer 1.6 counts attempts even where a timeout is given.
  ssh_handshake_attempts: 1000,
  shutdown_command: 'sync; systemctl poweroff',
  shutdown_timeout: hclReference('var.shutdown_timeout'),
};

/** The same intent where the dialects have different words for it. */
function planDialectOptions(dialect: PackerDialect): SourceOptions {
  return {
    ...(hasQemuOption(dialect, 'cpu_model') ? { cpu_model: hclReference('var.cpu_model') } : {}),
    // Without the format of the backing file, qemu-img 6.1 and later refuse what the built-in builder asks for.
    ...(dialect.name === 'classic' ? { qemu_img_args: [{ create: ['-F', 'qcow2'] }] } : {}),
  };
}

/**
 * Further arguments for QEMU. A switch named here replaces all of Packer's own for it, except for the disk,
 * which stands in `-drive`.
 */
function planQemuArguments(dialect: PackerDialect): HclValue[] {
  const run = hclReference('var.run_directory');
  // In a character device's options a comma within a path is written twice.
  const escapedRun = hclReference('local.run_directory');
  const cpu = hasQemuOption(dialect, 'cpu_model') ? [] : [['-cpu', hclReference('var.cpu_model')]];
  return [
    ...cpu,
    ['-kernel', hclReference('var.kernel')],
    ['-initrd', hclReference('var.initrd')],
    ['-append', KERNEL_COMMAND_LINE],
    ['-netdev', 'user,id=user.0,hostfwd=tcp:127.0.0.1:{{ .SSHHostPort }}-:22'],
    ['-device', 'virtio-net-pci,netdev=user.0,romfile='],
    ['-device', 'virtio-rng-pci'],
    ['-display', 'none'],
    ['-vnc', 'none'],
    // A kernel that panics ends QEMU, instead of booting over and over until the deadline.
    ['-no-reboot', ''],
    ['-pidfile', hclTemplate`${run}/${RUN_FILES.pid}`],
    ['-chardev', hclTemplate`${hclReference('local.serial')},id=mintmark-serial`],
    ['-serial', 'chardev:mintmark-serial'],
    ['-chardev', hclTemplate`socket,id=mintmark-qmp,path=${escapedRun}/${RUN_FILES.qmp},server=on,wait=off`],
    ['-mon', 'chardev=mintmark-qmp,mode=control'],
    ['-chardev', hclTemplate`${hclReference('local.firmware')},id=mintmark-firmware`],
    ['-device', 'isa-debugcon,iobase=0x402,chardev=mintmark-firmware'],
  ];
}

const KERNEL_COMMAND_LINE = hclTemplate`${[
  'rootfstype=ext4',
  'rw',
  // On the screen too, for a picture of it; the last one named is where the guest's own programs write.
  'console=tty0',
  'console=ttyS0,115200',
  'loglevel=4',
  // Time to take a picture of the screen before QEMU ends, see -no-reboot.
  'panic=3',
  // A kernel that hangs ends QEMU within half a minute, where Packer would wait for its whole timeout.
  'softlockup_panic=1',
  // The initramfs starts the other processors, see there. They need no calibration that takes a second: about 2.5 GHz
  // at 250 Hz, which only busy waits go by.
  'maxcpus=1',
  'lpj=10000000',
  'net.ifnames=0',
  'cloud-init=disabled',
  'systemd.unit=mintmark-build.target',
  'mintmark.mode=build',
].join(
  ' ',
)} root=UUID=${hclReference('var.root_uuid')} mintmark.key=${hclReference('var.ssh_public_key_base64')}`;
