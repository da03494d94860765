import type { TargetName } from '../profiles/profile.ts';
import type { SystemCredential } from './test-machine.ts';

/** What stands in for a hypervisor's channel that QEMU does not have. */
export interface ChannelSimulation {
  /** Name of the channel. */
  readonly name: string;
  /** Settings that put the channel's device and answers into the overlay, before the guest looks for them. */
  readonly credentials: (commandLine: string) => readonly SystemCredential[];
}

/** Where the stand-ins lie in the guest. */
const PLACE = '/run/mintmark-channel';

/** Bytes of a key in Hyper-V's key-value pools: `struct kv_record` of hv_kvp_daemon.c in Linux. */
const KVP_KEY_BYTES = 512;

/** Hypervisors whose channel is a program's answer or a file, which systemd-tmpfiles can put in place. */
export const CHANNEL_SIMULATIONS: Readonly<Record<Exclude<TargetName, 'kvm'>, ChannelSimulation>> = {
  xenserver: {
    name: 'xenstore',
    credentials: (commandLine) => [
      settings([
        'd /dev/xen 0755 root root -',
        'f /dev/xen/xenbus 0600 root root -',
        ...program('xenstore-read', 'vm-data/cloudstack/init', commandLine),
      ]),
    ],
  },
  vmware: {
    name: 'machine-id',
    credentials: (commandLine) => [settings(program('vmtoolsd', '--cmd machine.id.get', commandLine))],
  },
  hyperv: {
    name: 'kvp',
    credentials: (commandLine) => [
      settings([
        'd /var/lib/hyperv 0755 root root -',
        file('/var/lib/hyperv/.kvp_pool_0', '0644', kvpRecord('cloudstack-vm-userdata', commandLine)),
      ]),
    ],
  },
};

/** Lines that systemd-tmpfiles takes besides its own (tmpfiles.d(5), systemd 252). */
function settings(lines: readonly string[]): SystemCredential {
  return { name: 'tmpfiles.extra', text: lines.map((line) => `${line}\n`).join('') };
}

function file(path: string, mode: string, content: string | Uint8Array): string {
  return `f~ ${path} ${mode} root root - ${Buffer.from(content).toString('base64')}`;
}

/**
 * A program that answers one question and knows no other. It stands before the real one on the guest's PATH; the real
 * one, which has several names, stays whole.
 */
function program(name: string, question: string, answer: string): string[] {
  const script = `#!/bin/sh\n[ "$*" = '${question}' ] || exit 1\ncat ${PLACE}/answer\n`;
  return [
    `d ${PLACE} 0755 root root -`,
    file(`${PLACE}/answer`, '0644', `${answer}\n`),
    file(`/usr/local/bin/${name}`, '0755', script),
  ];
}

/**
 * A record of a pool. The 2048 bytes of its value are not filled up with zeros: a setting that is longer than a page does
 * not reach systemd whole.
 */
function kvpRecord(key: string, value: string): Buffer {
  return Buffer.concat([Buffer.from(key.padEnd(KVP_KEY_BYTES, '\0')), Buffer.from(`${value}\0`)]);
}
