import { createHash } from 'node:crypto';
import type { TargetName } from '../profiles/profile.ts';
import type { BootContract, BootPlan, BootRequest, UnderstoodWords } from './boot-contract.ts';
import { cardAddress, openNetwork } from './boot-contract.ts';
import { CHANNEL_SIMULATIONS } from './channel-simulations.ts';
import type { TestNetwork } from './test-machine.ts';

/** Written last by `cloud-postinit` when the machine is up. */
const READY_MARKER = '/var/cache/cloud/boot_up_done';
/** Where a host on KVM writes the words, by the guest agent. */
const COMMAND_LINE_FILE = '/var/cache/cloud/cmdline';
/** Where hosts push the scripts that a system VM is patched with. */
export const PUSHED_SCRIPTS = '/var/cache/cloud/cloud-scripts.tgz';

/** Where system VMs keep the digest of the scripts that they were patched with. */
const SIGNATURE_FILE = '/var/cache/cloud/cloud-scripts-signature';
const COSMIC_SIGNATURE_FILE = '/opt/cosmic/patch/cloud-scripts.tgz.sha512';

/** Addresses of the control network: link-local where the hypervisor has such a bridge, else of a management network. */
const CONTROL: Readonly<Record<TargetName, { network: string; host: string; guest: string; mask: string }>> =
  {
    kvm: linkLocal(),
    xenserver: linkLocal(),
    vmware: management(),
    hyperv: management(),
  };

/**
 * How a CloudStack host brings a router up: three cards (guest network, control, public), one line of words by the
 * hypervisor's channel, then the scripts over SSH on the control network.
 */
export const CLOUDSTACK: BootContract = {
  name: 'cloudstack',
  plan: (request) => {
    const commandLine = routerCommandLine(request);
    const isReal = request.target === 'kvm';
    const simulation = isReal ? undefined : CHANNEL_SIMULATIONS[request.target];
    return {
      ...systemVmPlan(request),
      contract: 'cloudstack',
      channel: { name: simulation?.name ?? 'guest-agent', kind: isReal ? 'real' : 'simulated' },
      agentFiles: isReal ? [{ path: COMMAND_LINE_FILE, data: commandLine }] : [],
      credentials: simulation === undefined ? [] : simulation.credentials(commandLine),
      sshFiles: [{ path: PUSHED_SCRIPTS, data: request.cloudScripts }],
      understood: understand(commandLine, SIGNATURE_FILE, request),
    };
  },
};

/**
 * How a Cosmic host does it: the words, by hardware address of the cards, and the keys by the guest agent; the scripts on
 * a CD. The file `cmdline_incoming` says that all of it is there.
 */
export const COSMIC: BootContract = {
  name: 'cosmic',
  plan: (request) => {
    const commandLine = cosmicCommandLine(request);
    return {
      ...systemVmPlan(request),
      contract: 'cosmic',
      channel: { name: 'guest-agent', kind: 'real' },
      discs: [{ label: 'systemvm', files: [{ path: 'cloud-scripts.tgz', data: request.cloudScripts }] }],
      agentFiles: [
        { path: '/tmp/cmdline', data: commandLine },
        { path: '/root/.ssh/authorized_keys', data: `${request.publicKey}\n` },
        { path: '/var/cache/cloud/authorized_keys', data: `${request.publicKey}\n` },
        { path: '/tmp/cmdline_incoming', data: 'DONE' },
      ],
      understood: understand(commandLine, COSMIC_SIGNATURE_FILE, request),
    };
  },
};

function systemVmPlan({
  target,
  sshPort,
}: BootRequest): Omit<BootPlan, 'contract' | 'channel' | 'understood'> {
  const control = CONTROL[target];
  const networks: readonly TestNetwork[] = [
    { network: '10.1.1.0/24', host: '10.1.1.2', isClosed: true, mac: cardAddress(0) },
    { network: control.network, host: control.host, isClosed: true, mac: cardAddress(1) },
    openNetwork(2),
  ];
  return {
    networks,
    ssh: { user: 'root', network: 1, address: control.guest, port: sshPort },
    discs: [],
    agentFiles: [],
    credentials: [],
    sshFiles: [],
    marker: READY_MARKER,
  };
}

/** The words of a router in the order that the management server writes them (VirtualNetworkApplianceManagerImpl). */
function routerCommandLine({ target, name, publicKey }: BootRequest): string {
  const control = CONTROL[target];
  const hasManagement = control.network !== linkLocal().network;
  return [
    'template=domP',
    `name=${name}`,
    'eth2ip=10.0.2.15',
    'eth2mask=255.255.255.0',
    'gateway=10.0.2.2',
    'eth0ip=10.1.1.1',
    'eth0mask=255.255.255.0',
    'domain=cloud.internal',
    'cidrsize=24',
    'dhcprange=10.1.1.1',
    `eth1ip=${control.guest}`,
    `eth1mask=${control.mask}`,
    ...(hasManagement ? [`mgmtcidr=${control.network}`, `localgw=${control.host}`] : []),
    'type=router',
    'disable_rp_filter=true',
    'extra_pubnics=2',
    'dns1=10.0.2.3',
    `authorized_key=${Buffer.from(publicKey).toString('base64')}`,
  ].join(' ');
}

function cosmicCommandLine({ target, name }: BootRequest): string {
  const control = CONTROL[target];
  return [
    `name=${name}`,
    'type=router',
    `controlmac=${cardAddress(1)}`,
    `controlip=${control.guest}`,
    `controlmask=${control.mask}`,
    `publicmac=${cardAddress(2)}`,
    'dns1=10.0.2.3',
  ].join(' ');
}

function understand(commandLine: string, file: string, { cloudScripts }: BootRequest): UnderstoodWords {
  const sha512 = createHash('sha512').update(cloudScripts).digest('hex');
  return { commandLine, commandLineFile: COMMAND_LINE_FILE, signature: { file, sha512 } };
}

function linkLocal(): (typeof CONTROL)['kvm'] {
  return { network: '169.254.0.0/16', host: '169.254.0.1', guest: '169.254.3.77', mask: '255.255.0.0' };
}

function management(): (typeof CONTROL)['vmware'] {
  return { network: '10.0.3.0/24', host: '10.0.3.2', guest: '10.0.3.15', mask: '255.255.255.0' };
}
