import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SystemvmRoot } from './systemvm-root.ts';

/* `provisioners/systemvm/boot/init.sh`: by which way a system VM learns who it is. */

const WORDS = 'template=domP type=cksnode name=x';

let guest: SystemvmRoot;
beforeEach(() => {
  guest = new SystemvmRoot();
});
afterEach(() => guest.remove());

const PORT = 'sys/class/virtio-ports/vport1p1/name';
const record = (key: string, value: string): string => key.padEnd(512, '\0') + value.padEnd(2048, '\0');

interface Row {
  readonly channel: string;
  readonly because: string;
  readonly files: Readonly<Record<string, string>>;
  readonly programs?: Readonly<Record<string, string>>;
}

const CHANNELS: readonly Row[] = [
  {
    channel: 'guest_agent',
    files: { [PORT]: 'org.qemu.guest_agent.0\n', 'var/cache/cloud/cmdline': WORDS },
    because: 'CloudStack on KVM writes the file through the guest agent, without a newline',
  },
  {
    channel: 'cosmic_agent',
    files: { 'tmp/cmdline': WORDS, 'tmp/cmdline_incoming': 'DONE' },
    because: 'Cosmic writes another file, and says when it is whole',
  },
  {
    channel: 'xenstore',
    files: { 'dev/xen/xenbus': '' },
    programs: { 'xenstore-read': `[ "$1" = vm-data/cloudstack/init ] && echo '${WORDS}'` },
    because: 'XenServer',
  },
  {
    channel: 'xenstore',
    files: { 'proc/xen/xenbus': '' },
    programs: { 'xenstore-read': `echo '${WORDS}'` },
    because: 'older kernels have the device elsewhere',
  },
  {
    channel: 'kvp',
    files: { 'var/lib/hyperv/.kvp_pool_0': record('other', 'a=b') + record('cloudstack-vm-userdata', WORDS) },
    because: 'Hyper-V, with other items before',
  },
  {
    channel: 'kvp',
    files: { 'var/opt/hyperv/.kvp_pool_0': record('cloudstack-vm-userdata', WORDS) },
    because: 'older daemons of Hyper-V write elsewhere',
  },
  {
    channel: 'machine_id',
    files: { 'sys/bus/pci/devices/0000:00:0f.0/vendor': '0x15ad\n' },
    programs: { vmtoolsd: `[ "$*" = '--cmd machine.id.get' ] && echo '${WORDS}'` },
    because: 'VMware',
  },
  {
    channel: 'machine_id',
    files: { 'sys/bus/pci/devices/0000:00:0f.0/vendor': '0x15ad\n' },
    programs: { vmtoolsd: 'exit 1', 'vmware-rpctool': `echo '${WORDS}'` },
    because: 'one tool of VMware knows nothing, the other answers',
  },
  {
    channel: 'dmi',
    files: {
      'sys/bus/pci/devices/0000:00:0f.0/vendor': '0x15ad\n',
      'sys/firmware/dmi/tables/DMI': `\0\u0001ab\0cmdline:${WORDS}\0\0`,
    },
    programs: { vmtoolsd: 'echo "No machine id"', 'vmware-rpctool': 'exit 1' },
    because: 'a card of VMware under QEMU answers nothing, so the next channel is asked',
  },
  {
    channel: 'kernel',
    files: { 'proc/cmdline': `root=/dev/xvda1 ro %${WORDS.replaceAll(' ', '%')}\n` },
    because: 'Xen PV appends the words to the arguments of the kernel',
  },
  {
    channel: 'override',
    files: { 'mnt/cmdline': `${WORDS}\n`, 'tmp/cmdline': 'type=other', 'tmp/cmdline_incoming': 'DONE' },
    because: 'a file in /mnt wins over everything',
  },
  {
    channel: 'seed',
    files: {
      'run/cloud-init/enabled': '',
      'dev/disk/by-label/cidata/user-data': `#cloud-config\n# cmdline: ${WORDS}\nusers: []\n`,
    },
    because: 'user data of a NoCloud seed has the words in a comment',
  },
  {
    channel: 'seed',
    files: {
      'run/cloud-init/enabled': '',
      'dev/disk/by-label/config-2/openstack/latest/user_data': `cmdline: ${WORDS}\r\n`,
    },
    because: 'user data of a config drive is the line alone, written on Windows',
  },
];

function plantAll({ files, programs = {} }: Pick<Row, 'files' | 'programs'>): void {
  for (const [name, text] of Object.entries(files)) guest.plant(name, text);
  for (const [name, script] of Object.entries(programs)) guest.program(name, script);
}

describe('a channel', () => {
  test.each(CHANNELS)('$channel: $because', (row) => {
    plantAll(row);
    expect(guest.run('init.sh').status).toBe(0);
    expect(guest.text('var/cache/cloud/channel')).toBe(`${row.channel}\n`);
    expect(guest.text('var/cache/cloud/cmdline')).toBe(`${WORDS}\n`);
    expect(JSON.parse(guest.text('var/cache/cloud/cmd_line.json') ?? '')).toMatchObject({
      cmd_line: { template: 'domP', type: 'cksnode', name: 'x' },
    });
  });

  test('without any, says so on the console and in the log, and fails', () => {
    guest.plant('etc/network/interfaces', 'untouched');
    const { status, output } = guest.run('init.sh');
    expect(status).toBe(1);
    expect(output).toMatch(/^no channel answered: /);
    expect(guest.text('var/log/cloud.log')).toMatch(/no channel answered: /);
    expect(guest.text('etc/network/interfaces')).toBe('untouched');
  });

  test.each<Pick<Row, 'files' | 'because'>>([
    { files: { [PORT]: 'org.qemu.guest_agent.0\n' }, because: 'the host writes nothing' },
    { files: { 'tmp/cmdline': WORDS }, because: 'Cosmic’s host has not said that it is done' },
    { files: { 'var/cache/cloud/cmdline': '\n' }, because: 'the file is empty' },
    { files: { 'sys/firmware/dmi/tables/DMI': 'nothing\0' }, because: 'the firmware has no such string' },
  ])('none when $because', (row) => {
    plantAll(row);
    const { status, output } = guest.run('init.sh');
    expect({ status, output }).toMatchObject({
      status: 1,
      output: expect.stringContaining('no channel answered'),
    });
  });

  test('is not waited for longer than the limit while udev still finds devices', () => {
    guest.plant('run/udev/queue', '');
    const { status, output } = guest.run('init.sh', { CLOUD_LIMIT: '1' });
    expect({ status, output }).toMatchObject({
      status: 1,
      output: expect.stringContaining('no channel answered'),
    });
  });

  test('a seed without words is for cloud-init alone', () => {
    guest.plant('run/cloud-init/enabled', '');
    guest.plant('dev/disk/by-label/cidata/user-data', '#cloud-config\n');
    expect(guest.run('init.sh').status).toBe(0);
    expect(guest.text('etc/network/interfaces')).toMatch(/^auto lo eth0\n[^]*iface eth0 inet dhcp\n$/);
    expect(guest.text('var/cache/cloud/cmdline')).toBeUndefined();
  });

  test('a source of cloud-init that is no disk counts as well', () => {
    guest.plant('run/cloud-init/enabled', '');
    expect(guest.run('init.sh').status).toBe(0);
    expect(guest.text('var/cache/cloud/channel')).toBe('seed\n');
  });
});

describe('another boot', () => {
  test('uses what an earlier one was told, and keeps the name of the channel', () => {
    guest.plant('var/cache/cloud/cmdline', WORDS, true);
    guest.plant('var/cache/cloud/channel', 'cosmic_agent\n', true);
    expect(guest.run('init.sh')).toMatchObject({
      status: 0,
      output: expect.stringContaining('channel previous'),
    });
    expect(guest.text('var/cache/cloud/channel')).toBe('cosmic_agent\n');
  });

  test('prefers what is new', () => {
    guest.plant('var/cache/cloud/cmdline', WORDS, true);
    guest.plant('mnt/cmdline', 'type=router name=new');
    guest.run('init.sh');
    expect(guest.text('var/cache/cloud/cmdline')).toBe('type=router name=new\n');
  });

  test('takes away the marker, and makes host keys only where they are missing', () => {
    guest.plant('var/cache/cloud/boot_up_done', 'yesterday');
    guest.plant('mnt/cmdline', WORDS);
    guest.run('init.sh');
    expect(guest.text('var/cache/cloud/boot_up_done')).toBeUndefined();
    expect(guest.text('keygen')?.split('\n')).toHaveLength(4);
    for (const kind of ['rsa', 'ecdsa', 'ed25519']) {
      expect(guest.text('keygen')).toContain(`-t ${kind}`);
      guest.plant(`etc/ssh/ssh_host_${kind}_key`, 'k');
    }
    guest.run('init.sh');
    expect(guest.text('keygen')?.split('\n')).toHaveLength(4);
  });
});
