import { describe, expect, test } from '@jest/globals';
import type { BootRequest } from '../../../src/guest/boot-contract.ts';
import { BOOT_CONTRACTS } from '../../../src/guest/boot-contract-name.ts';
import { BOOT_CONTRACT_TABLE, speaksOn } from '../../../src/guest/boot-contracts.ts';
import { CHANNEL_SIMULATIONS } from '../../../src/guest/channel-simulations.ts';
import { CLOUDSTACK, COSMIC, PUSHED_SCRIPTS } from '../../../src/guest/contract-cloudstack.ts';
import { CONFIG_DRIVE, NOCLOUD } from '../../../src/guest/contract-nocloud.ts';

const REQUEST: BootRequest = {
  target: 'kvm',
  name: 'r-1-VM',
  publicKey: 'ssh-ed25519 AAAAC3Nz mintmark-test',
  sshPort: 3922,
  cloudScripts: Buffer.from('archive'),
};
const KEY = Buffer.from(REQUEST.publicKey).toString('base64');

/** The lines of the only setting, each as its words. */
function settingsOf(target: 'xenserver' | 'vmware' | 'hyperv'): string[][] {
  const [credential] = CHANNEL_SIMULATIONS[target].credentials('name=r-1-VM eth0ip=10.1.1.1');
  expect(credential?.name).toBe('tmpfiles.extra');
  expect(credential?.text).toMatch(/\n$/);
  return (credential?.text ?? '')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '));
}

const contentOf = (words: readonly string[] = []): Buffer => Buffer.from(words.at(-1) ?? '', 'base64');

describe('boot contracts', () => {
  test.each(BOOT_CONTRACTS)('%s is in the table under its name', (name) => {
    expect(BOOT_CONTRACT_TABLE[name].name).toBe(name);
    expect(BOOT_CONTRACT_TABLE[name].plan(REQUEST).contract).toBe(name);
  });

  test.each([
    { contract: 'cosmic', target: 'kvm', speaks: true, because: 'its hosts have KVM' },
    { contract: 'cosmic', target: 'vmware', speaks: false, because: 'and nothing else' },
    { contract: 'cloudstack', target: 'hyperv', speaks: true, because: 'CloudStack has hosts of all kinds' },
    { contract: 'nocloud', target: 'xenserver', speaks: true, because: 'a CD can be put in anywhere' },
  ] as const)('$contract on $target: $speaks, $because', ({ contract, target, speaks }) => {
    expect(speaksOn(contract, target)).toBe(speaks);
  });
});

describe('cloud-init', () => {
  test('NoCloud reads the name and the key from a CD', () => {
    const { discs, ssh, marker } = NOCLOUD.plan({ ...REQUEST, sshPort: 22 });
    expect(discs).toEqual([
      {
        label: 'cidata',
        files: [
          { path: 'meta-data', data: 'instance-id: r-1-VM\nlocal-hostname: r-1-VM\n' },
          { path: 'user-data', data: `#cloud-config\nssh_authorized_keys:\n  - ${REQUEST.publicKey}\n` },
        ],
      },
    ]);
    expect(ssh).toEqual({ user: 'debian', network: 0, address: '10.0.2.15', port: 22 });
    expect(marker).toBe('/run/cloud-init/result.json');
  });

  test('a config drive has the label and the paths of OpenStack', () => {
    const [disc] = CONFIG_DRIVE.plan({ ...REQUEST, sshUser: 'admin' }).discs;
    expect(disc?.label).toBe('config-2');
    expect(JSON.parse(String(disc?.files[0]?.data))).toMatchObject({
      hostname: 'r-1-VM',
      public_keys: { test: REQUEST.publicKey },
    });
    expect(CONFIG_DRIVE.plan({ ...REQUEST, sshUser: 'admin' }).ssh.user).toBe('admin');
  });
});

describe('system VMs', () => {
  test('the words of a router on KVM, in the order of the management server', () => {
    expect(CLOUDSTACK.plan(REQUEST).understood?.commandLine).toBe(
      [
        'template=domP name=r-1-VM eth2ip=10.0.2.15 eth2mask=255.255.255.0 gateway=10.0.2.2',
        'eth0ip=10.1.1.1 eth0mask=255.255.255.0 domain=cloud.internal cidrsize=24 dhcprange=10.1.1.1',
        'eth1ip=169.254.3.77 eth1mask=255.255.0.0 type=router disable_rp_filter=true extra_pubnics=2',
        `dns1=10.0.2.3 authorized_key=${KEY}`,
      ].join(' '),
    );
  });

  test.each([
    { target: 'kvm', channel: 'guest-agent', kind: 'real', address: '169.254.3.77', agentFiles: 1 },
    { target: 'xenserver', channel: 'xenstore', kind: 'simulated', address: '169.254.3.77', agentFiles: 0 },
    { target: 'vmware', channel: 'machine-id', kind: 'simulated', address: '10.0.3.15', agentFiles: 0 },
    { target: 'hyperv', channel: 'kvp', kind: 'simulated', address: '10.0.3.15', agentFiles: 0 },
  ] as const)(
    'on $target the words come by $channel, $kind',
    ({ target, channel, kind, address, agentFiles }) => {
      const plan = CLOUDSTACK.plan({ ...REQUEST, target });
      expect(plan.channel).toEqual({ name: channel, kind });
      expect(plan.ssh).toEqual({ user: 'root', network: 1, address, port: 3922 });
      expect(plan.agentFiles).toHaveLength(agentFiles);
      expect(plan.credentials).toHaveLength(1 - agentFiles);
      expect(plan.understood?.commandLine.includes('mgmtcidr=10.0.3.0/24 localgw=10.0.3.2')).toBe(
        address === '10.0.3.15',
      );
      expect(plan.networks.map(({ isClosed }) => isClosed)).toEqual([true, true, false]);
      expect(plan.sshFiles).toEqual([{ path: PUSHED_SCRIPTS, data: REQUEST.cloudScripts }]);
    },
  );

  test('Cosmic says last that all is there; the scripts lie on a CD', () => {
    const plan = COSMIC.plan(REQUEST);
    expect(plan.agentFiles.map(({ path }) => path)).toEqual([
      '/tmp/cmdline',
      '/root/.ssh/authorized_keys',
      '/var/cache/cloud/authorized_keys',
      '/tmp/cmdline_incoming',
    ]);
    expect(plan.discs).toEqual([
      { label: 'systemvm', files: [{ path: 'cloud-scripts.tgz', data: REQUEST.cloudScripts }] },
    ]);
    expect(plan.sshFiles).toEqual([]);
    expect(plan.understood?.commandLine).toContain(`controlmac=${plan.networks[1]?.mac}`);
    expect(plan.understood?.commandLine).toContain(`publicmac=${plan.networks[2]?.mac}`);
  });
});

describe('channels that QEMU has not', () => {
  test('a record of a Hyper-V pool is a key of 512 bytes and a value that ends with a zero', () => {
    const [directory, words] = settingsOf('hyperv');
    expect(directory?.slice(0, 2)).toEqual(['d', '/var/lib/hyperv']);
    expect(words?.slice(0, -1)).toEqual(['f~', '/var/lib/hyperv/.kvp_pool_0', '0644', 'root', 'root', '-']);
    const record = contentOf(words);
    expect(record.subarray(0, 512).toString().replace(/\0+$/, '')).toBe('cloudstack-vm-userdata');
    expect(record.subarray(512).toString()).toBe('name=r-1-VM eth0ip=10.1.1.1\0');
  });

  test.each(['xenserver', 'vmware', 'hyperv'] as const)('the settings of %s fit into a page', (target) => {
    const words = CLOUDSTACK.plan({ ...REQUEST, target }).credentials.map(({ text }) => Buffer.from(text));
    expect(words.map((text) => text.toString('base64').length).every((length) => length < 4000)).toBe(true);
  });

  test.each([
    { target: 'xenserver', name: 'xenstore-read', question: 'vm-data/cloudstack/init' },
    { target: 'vmware', name: 'vmtoolsd', question: '--cmd machine.id.get' },
  ] as const)(
    '$name of $target stands before the real one and answers one question',
    ({ target, name, question }) => {
      const lines = settingsOf(target);
      const program = lines.find((words) => words[1] === `/usr/local/bin/${name}`);
      expect(program?.slice(0, 3)).toEqual(['f~', `/usr/local/bin/${name}`, '0755']);
      expect(contentOf(program).toString()).toBe(
        `#!/bin/sh\n[ "$*" = '${question}' ] || exit 1\ncat /run/mintmark-channel/answer\n`,
      );
      const answer = lines.find((words) => words[1]?.endsWith('/answer'));
      expect(contentOf(answer).toString()).toBe('name=r-1-VM eth0ip=10.1.1.1\n');
    },
  );
});
