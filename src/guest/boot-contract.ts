import type { TestedChannel } from '../manifests/test-report.ts';
import type { TargetName } from '../profiles/profile.ts';
import type { BootContractName } from './boot-contract-name.ts';
import type { SystemCredential, TestNetwork } from './test-machine.ts';

/** A machine that is to be told who it is. */
export interface BootRequest {
  readonly target: TargetName;
  /** What the machine is to be called; no two machines of a test have the same name. */
  readonly name: string;
  /** The key by which we will log in, as a line of `authorized_keys`. */
  readonly publicKey: string;
  /** Port that the image promises to have SSH on. */
  readonly sshPort: number;
  /** User that the key is for, where the contract leaves that open. */
  readonly sshUser?: string | undefined;
  /** The archive that a system VM is patched with. */
  readonly cloudScripts: Uint8Array;
}

/** A CD that the machine finds in its drive. */
export interface SeedDisc {
  /** Volume label. */
  readonly label: string;
  readonly files: readonly { readonly path: string; readonly data: string | Uint8Array }[];
}

/** A file that is written in the guest. */
export interface PushedFile {
  readonly path: string;
  readonly data: string | Uint8Array;
}

/** What a server does to bring a machine up, as data. */
export interface BootPlan {
  readonly contract: BootContractName;
  readonly channel: TestedChannel;
  /** The guest's networks, in the order that the contract promises. */
  readonly networks: readonly TestNetwork[];
  /** How the machine is reached. */
  readonly ssh: {
    readonly user: string;
    readonly network: number;
    readonly address: string;
    readonly port: number;
  };
  readonly discs: readonly SeedDisc[];
  /** What is written by the guest's agent, in order, before anybody can log in. */
  readonly agentFiles: readonly PushedFile[];
  /** What stands in for a device that QEMU cannot be. */
  readonly credentials: readonly SystemCredential[];
  /** What is sent over SSH before the machine can be ready. */
  readonly sshFiles: readonly PushedFile[];
  /** File whose being there says that the machine is ready. */
  readonly marker: string;
  /** What the guest shows once it has understood, where the contract has that. */
  readonly understood?: UnderstoodWords;
}

/** What a system VM was told by a line of words, and where it shows that. */
export interface UnderstoodWords {
  readonly commandLine: string;
  /** Where the guest keeps the line. */
  readonly commandLineFile: string;
  /** Where it keeps the SHA-512 of the scripts it runs, and that digest. */
  readonly signature: { readonly file: string; readonly sha512: string };
}

/** How one kind of server brings a machine up. One file for each; the table is `boot-contracts.ts`. */
export interface BootContract {
  readonly name: BootContractName;
  readonly plan: (request: BootRequest) => BootPlan;
}

/** Locally administered addresses, QEMU's own range, counted by card. */
export function cardAddress(index: number): string {
  return `52:54:00:4d:4d:${index.toString(16).padStart(2, '0')}`;
}

/** A network with a way out, where QEMU gives addresses by DHCP: the guest's is 10.0.2.15. */
export function openNetwork(index: number): TestNetwork {
  return { network: '10.0.2.0/24', host: '10.0.2.2', isClosed: false, mac: cardAddress(index) };
}
