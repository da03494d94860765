import { firmwareArguments, type Firmware } from './firmware.ts';
import type { DiskBus, MachineShape } from './machine-shape.ts';

/** A network of one machine alone, with QEMU's own router in it (`user` networking). */
export interface TestNetwork {
  /** The network, as `10.0.2.0/24`. */
  readonly network: string;
  /** QEMU's address in it. */
  readonly host: string;
  /** Whether nothing leads out of it. */
  readonly isClosed: boolean;
  /** Hardware address of the guest's card. */
  readonly mac: string;
}

/** A file that systemd or a script in the guest reads as an early setting; see systemd.system-credentials(7). */
export interface SystemCredential {
  readonly name: string;
  readonly text: string;
}

/** A machine that an image is tested in; all paths are absolute. */
export interface TestMachine {
  readonly accelerator: 'kvm' | 'tcg';
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly shape: MachineShape;
  /** QEMU's `--image-opts` of the image, which is never written to. */
  readonly image: string;
  /** A qcow2 without a backing file of its own, which takes what the guest writes. */
  readonly overlay: string;
  readonly firmware?: { readonly code: Firmware; readonly variables: string };
  /** ISO 9660 images in CD drives. */
  readonly discs: readonly string[];
  /** In the order of the guest's `eth0`, `eth1`, … */
  readonly networks: readonly TestNetwork[];
  readonly ssh: ForwardedPort;
  readonly credentials: readonly SystemCredential[];
  readonly sockets: MachineSockets;
  /** Whether the guest agent's port is there. */
  readonly hasAgentPort: boolean;
}

/** How we reach a port in the guest. */
export interface ForwardedPort {
  /** Index of the network. */
  readonly network: number;
  /** On 127.0.0.1. */
  readonly hostPort: number;
  readonly guestAddress: string;
  readonly guestPort: number;
}

/** Unix sockets between QEMU and us. */
export interface MachineSockets {
  /** We listen on these two. */
  readonly serial: string;
  readonly firmware: string;
  /** QEMU listens on these two. */
  readonly control: string;
  readonly agent: string;
  /** File for QEMU's process id. */
  readonly pid: string;
}

/** Features of emulated processors that tests do without; see {@link ACCELERATION}. */
const LEFT_OUT = ['la57', 'smap', 'smep', 'erms', 'fsrm', 'pku', 'umip', 'avx', 'avx2', 'f16c', 'xsave'];

/** QEMU's arguments for a test machine; nothing is left to defaults that differ between its versions. */
export function testMachineArguments(machine: TestMachine): string[] {
  return [
    ['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    processorArguments(machine),
    diskArguments(machine),
    machine.discs.flatMap(discArguments),
    machine.networks.flatMap((network, index) => networkArguments(machine, network, index)),
    machine.credentials.flatMap(credentialArguments),
    consoleArguments(machine),
    machine.hasAgentPort ? agentArguments(machine.sockets) : [],
  ].flat();
}

/**
 * Emulated processors leave out what costs most to emulate and no kernel or program of Debian needs (x86-64-v2 stays):
 * AVX with its larger state, protection of the kernel from user memory, the fifth level of page tables. A boot of a
 * Debian server takes 24 instead of 30 seconds of processor time without them (QEMU 7.2).
 */
const ACCELERATION: Readonly<Record<TestMachine['accelerator'], readonly string[]>> = {
  kvm: ['-accel', 'kvm', '-cpu', 'host'],
  tcg: ['-accel', 'tcg,thread=multi', '-cpu', `max,${LEFT_OUT.map((feature) => `-${feature}`).join(',')}`],
};

function processorArguments({ accelerator, cpus, memoryMiB, firmware }: TestMachine): string[] {
  const type =
    firmware === undefined ? ['-machine', 'pc'] : firmwareArguments(firmware.code, firmware.variables);
  return [
    type,
    // Without a VMware port that is none: open-vm-tools would ask it.
    ['-machine', 'vmport=off'],
    ACCELERATION[accelerator],
    ['-smp', String(cpus), '-m', String(memoryMiB)],
    ['-vga', 'std', '-device', 'virtio-rng-pci'],
  ].flat();
}

const DISK_DEVICES: Readonly<Record<DiskBus, readonly string[]>> = {
  virtio: ['-device', 'virtio-blk-pci,drive=disk,bootindex=1'],
  ide: ['-device', 'ide-hd,drive=disk,bus=ide.0,unit=0,bootindex=1'],
  pvscsi: ['-device', 'pvscsi,id=scsi', '-device', 'scsi-hd,drive=disk,bus=scsi.0,bootindex=1'],
};

/** What the guest writes is thrown away, so its flushes are wasted time. */
function diskArguments({ image, overlay, shape }: TestMachine): string[] {
  const cache = 'cache.no-flush=on';
  return [
    ['-blockdev', `node-name=image,read-only=on,${image}`],
    [
      '-blockdev',
      `node-name=disk,driver=qcow2,${cache},file.driver=file,file.filename=${escaped(overlay)},backing=image`,
    ],
    DISK_DEVICES[shape.disk],
  ].flat();
}

function discArguments(path: string, index: number): string[] {
  const node = `disc${index}`;
  return [
    [
      '-blockdev',
      `node-name=${node},driver=raw,read-only=on,file.driver=file,file.filename=${escaped(path)}`,
    ],
    ['-device', `ide-cd,drive=${node},bus=ide.1,unit=${index}`],
  ].flat();
}

function networkArguments({ shape, ssh }: TestMachine, network: TestNetwork, index: number): string[] {
  const words = [`user,id=net${index}`, `net=${network.network}`, `host=${network.host}`];
  if (network.isClosed) words.push('restrict=on');
  if (index === ssh.network) {
    words.push(`hostfwd=tcp:127.0.0.1:${ssh.hostPort}-${ssh.guestAddress}:${ssh.guestPort}`);
  }
  // No boot from the network: its ROM would cost seconds.
  const card = `${shape.card},netdev=net${index},mac=${network.mac},romfile=`;
  return ['-netdev', words.join(','), '-device', card];
}

/** QEMU takes a comma within a value twice; base64 has none. */
function credentialArguments({ name, text }: SystemCredential): string[] {
  const data = Buffer.from(text).toString('base64');
  return ['-smbios', `type=11,value=io.systemd.credential.binary:${name}=${data}`];
}

function consoleArguments({ sockets }: TestMachine): string[] {
  return [
    ['-chardev', `socket,id=serial,path=${escaped(sockets.serial)}`, '-serial', 'chardev:serial'],
    ['-chardev', `socket,id=firmware,path=${escaped(sockets.firmware)}`],
    ['-device', 'isa-debugcon,iobase=0x402,chardev=firmware'],
    ['-chardev', `socket,id=control,path=${escaped(sockets.control)},server=on,wait=off`],
    ['-mon', 'chardev=control,mode=control', '-pidfile', sockets.pid],
  ].flat();
}

function agentArguments({ agent }: MachineSockets): string[] {
  return [
    ['-chardev', `socket,id=agent,path=${escaped(agent)},server=on,wait=off`],
    ['-device', 'virtio-serial-pci'],
    ['-device', 'virtserialport,chardev=agent,name=org.qemu.guest_agent.0'],
  ].flat();
}

function escaped(path: string): string {
  return path.replaceAll(',', ',,');
}
