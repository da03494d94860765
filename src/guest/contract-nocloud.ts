import type { BootContract, BootPlan, BootRequest } from './boot-contract.ts';
import { openNetwork } from './boot-contract.ts';

/** User that Debian's cloud-init makes. */
const DEFAULT_USER = 'debian';

/** cloud-init says here how it ended; written when it has. */
const CLOUD_INIT_MARKER = '/run/cloud-init/result.json';

/** A seed disk as cloud-init's NoCloud reads it: volume `cidata` with `meta-data` and `user-data`. */
export const NOCLOUD: BootContract = {
  name: 'nocloud',
  plan: (request) => ({
    ...cloudInitPlan(request),
    contract: 'nocloud',
    discs: [
      {
        label: 'cidata',
        files: [
          { path: 'meta-data', data: `instance-id: ${request.name}\nlocal-hostname: ${request.name}\n` },
          { path: 'user-data', data: userData(request) },
        ],
      },
    ],
  }),
};

/** A config drive as OpenStack and CloudStack attach it: volume `config-2`, `openstack/latest`. */
export const CONFIG_DRIVE: BootContract = {
  name: 'config-drive',
  plan: (request) => ({
    ...cloudInitPlan(request),
    contract: 'config-drive',
    discs: [
      {
        label: 'config-2',
        files: [
          { path: 'openstack/latest/meta_data.json', data: metaData(request) },
          { path: 'openstack/latest/user_data', data: '#cloud-config\n' },
        ],
      },
    ],
  }),
};

function cloudInitPlan({
  sshUser = DEFAULT_USER,
  sshPort,
}: BootRequest): Omit<BootPlan, 'contract' | 'discs'> {
  return {
    channel: { name: 'seed-disk', kind: 'real' },
    networks: [openNetwork(0)],
    ssh: { user: sshUser, network: 0, address: '10.0.2.15', port: sshPort },
    agentFiles: [],
    credentials: [],
    sshFiles: [],
    marker: CLOUD_INIT_MARKER,
  };
}

function userData({ publicKey }: BootRequest): string {
  return `#cloud-config\nssh_authorized_keys:\n  - ${publicKey}\n`;
}

function metaData({ name, publicKey }: BootRequest): string {
  const document = { uuid: name, name, hostname: name, public_keys: { test: publicKey } };
  return `${JSON.stringify(document, null, 2)}\n`;
}
