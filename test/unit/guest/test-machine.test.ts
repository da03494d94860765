import { describe, expect, test } from '@jest/globals';
import { MACHINE_SHAPES } from '../../../src/guest/machine-shape.ts';
import { testMachineArguments, type TestMachine } from '../../../src/guest/test-machine.ts';
import { TARGET_NAMES } from '../../../src/profiles/profile-document.ts';

const MACHINE: TestMachine = {
  accelerator: 'tcg',
  cpus: 2,
  memoryMiB: 1024,
  shape: MACHINE_SHAPES.kvm,
  image: 'driver=qcow2,file.driver=file,file.filename=/r/disk.qcow2',
  overlay: '/t/m0/overlay.qcow2',
  discs: [],
  networks: [{ network: '10.0.2.0/24', host: '10.0.2.2', isClosed: false, mac: '52:54:00:4d:4d:00' }],
  ssh: { network: 0, hostPort: 4022, guestAddress: '10.0.2.15', guestPort: 22 },
  credentials: [],
  sockets: {
    serial: '/t/m0/serial.sock',
    firmware: '/t/m0/fw.sock',
    control: '/t/m0/qmp.sock',
    agent: '/t/m0/agent.sock',
    pid: '/t/m0/qemu.pid',
  },
  hasAgentPort: true,
};

const FIRMWARE: NonNullable<TestMachine['firmware']> = {
  code: {
    code: '/fw/CODE,4M.fd',
    variables: '/fw/VARS.fd',
    format: 'raw',
    secureBoot: false,
    needsSmm: true,
  },
  variables: '/t/m0/variables.fd',
};

/** Values of one option, in order. */
function valuesOf(name: string, changes: Partial<TestMachine> = {}): string[] {
  const args = testMachineArguments({ ...MACHINE, ...changes });
  return args.flatMap((word, index) => (args[index - 1] === name ? [word] : []));
}

describe('the arguments of a test machine', () => {
  test('nothing is left to defaults', () => {
    expect(testMachineArguments(MACHINE).slice(0, 5)).toEqual([
      '-nodefaults',
      '-no-user-config',
      '-display',
      'none',
      '-no-reboot',
    ]);
  });

  test('the image is only read; what is written goes to the overlay', () => {
    expect(valuesOf('-blockdev')).toEqual([
      'node-name=image,read-only=on,driver=qcow2,file.driver=file,file.filename=/r/disk.qcow2',
      'node-name=disk,driver=qcow2,cache.no-flush=on,file.driver=file,file.filename=/t/m0/overlay.qcow2,backing=image',
    ]);
  });

  test.each([
    { target: 'kvm', devices: ['virtio-blk-pci', 'virtio-net-pci'], agent: true },
    { target: 'xenserver', devices: ['ide-hd', 'e1000'], agent: false },
    { target: 'vmware', devices: ['pvscsi', 'scsi-hd', 'vmxnet3'], agent: false },
    { target: 'hyperv', devices: ['ide-hd', 'e1000'], agent: false },
  ] as const)('a machine of $target has $devices', ({ target, devices, agent }) => {
    const shape = MACHINE_SHAPES[target];
    const found = valuesOf('-device', { shape, hasAgentPort: shape.hasAgentPort }).map(
      (text) => text.split(',')[0],
    );
    for (const device of devices) expect(found).toContain(device);
    expect(found.includes('virtserialport')).toBe(agent);
  });

  test('every target has a shape', () => {
    expect(Object.keys(MACHINE_SHAPES).toSorted()).toEqual([...TARGET_NAMES].toSorted());
  });

  test.each<{ changes: Partial<TestMachine>; option: string; has: string; because: string }>([
    {
      changes: { overlay: '/a,b/o' },
      option: '-blockdev',
      has: 'file.filename=/a,,b/o,backing',
      because: 'a comma ends a value',
    },
    {
      changes: { discs: ['/a,b/d.iso'] },
      option: '-blockdev',
      has: 'file.filename=/a,,b/d.iso',
      because: 'of discs, too',
    },
    {
      changes: { sockets: { ...MACHINE.sockets, serial: '/a,b/s' } },
      option: '-chardev',
      has: 'path=/a,,b/s',
      because: 'of sockets, too',
    },
    {
      changes: { sockets: { ...MACHINE.sockets, pid: '/a,b/p' } },
      option: '-pidfile',
      has: '/a,b/p',
      because: 'but a plain path is a plain path',
    },
    {
      changes: { discs: ['/0.iso', '/1.iso'] },
      option: '-device',
      has: 'ide-cd,drive=disc1,bus=ide.1,unit=1',
      because: 'CDs stand in their order on the second channel',
    },
    {
      changes: { credentials: [{ name: 'tmpfiles.extra', text: 'f /x, y\n' }] },
      option: '-smbios',
      has: `type=11,value=io.systemd.credential.binary:tmpfiles.extra=${Buffer.from('f /x, y\n').toString('base64')}`,
      because: 'a setting may hold anything',
    },
    {
      changes: { firmware: FIRMWARE },
      option: '-drive',
      has: 'if=pflash,unit=0,format=raw,readonly=on,file=/fw/CODE,,4M.fd',
      because: 'firmware is a flash chip',
    },
    {
      changes: { firmware: FIRMWARE },
      option: '-drive',
      has: 'if=pflash,unit=1,format=raw,file=/t/m0/variables.fd',
      because: 'its variables are the machine’s own',
    },
    { changes: { accelerator: 'kvm' }, option: '-cpu', has: 'host', because: 'KVM has one processor only' },
    { changes: {}, option: '-cpu', has: 'max', because: 'an emulated one can be all' },
    { changes: {}, option: '-machine', has: 'vmport=off', because: 'open-vm-tools would ask it' },
  ])('$option has $has: $because', ({ changes, option, has }) => {
    expect(valuesOf(option, changes).join('\n')).toContain(has);
  });

  test('cards come in the order of the contract; a closed network leads nowhere; SSH is forwarded in one', () => {
    const networks = [
      { network: '10.1.1.0/24', host: '10.1.1.2', isClosed: true, mac: '52:54:00:4d:4d:00' },
      { network: '169.254.0.0/16', host: '169.254.0.1', isClosed: true, mac: '52:54:00:4d:4d:01' },
      { network: '10.0.2.0/24', host: '10.0.2.2', isClosed: false, mac: '52:54:00:4d:4d:02' },
    ];
    const ssh = { network: 1, hostPort: 4022, guestAddress: '169.254.3.77', guestPort: 3922 };
    expect(valuesOf('-netdev', { networks, ssh })).toEqual([
      'user,id=net0,net=10.1.1.0/24,host=10.1.1.2,restrict=on',
      'user,id=net1,net=169.254.0.0/16,host=169.254.0.1,restrict=on,hostfwd=tcp:127.0.0.1:4022-169.254.3.77:3922',
      'user,id=net2,net=10.0.2.0/24,host=10.0.2.2',
    ]);
    expect(valuesOf('-device', { networks, ssh }).filter((text) => text.includes('netdev'))).toEqual(
      networks.map(({ mac }, index) => `virtio-net-pci,netdev=net${index},mac=${mac},romfile=`),
    );
  });
});
