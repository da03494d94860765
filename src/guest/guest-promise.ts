import type { BootContractName } from './boot-contract-name.ts';

/** What a finished image promises of the machines that start from it; checks are made of this. */
export interface GuestPromise {
  readonly contract: BootContractName;
  readonly hostname: string;
  /** Port that SSH listens on. */
  readonly sshPort: number;
  /** Kernel consoles as the profile names them: `tty0`, `hvc0`, `ttyS0,115200n8`. */
  readonly consoles: readonly string[];
  /** Ports beside SSH's that may be open on addresses other than loopback, as `udp/68`. */
  readonly listeners: readonly string[];
  /** What is known of the release; absent for an image that came without its manifest. */
  readonly identity?: ImageIdentity;
}

/** Which image it is, as its release records it. */
export interface ImageIdentity {
  /** IMAGE_ID of os-release: the line. */
  readonly imageId: string;
  /** IMAGE_VERSION of os-release: LONG. */
  readonly imageVersion: string;
  /** Version that the release files show, and where they are. */
  readonly releaseLine?: string;
  readonly releaseFiles: readonly { readonly path: string; readonly brand: string }[];
  /** Release of the kernel that boots. */
  readonly kernel: string;
  /** Installed packages, each as `name:architecture version`. */
  readonly packages: readonly string[];
}
