import type { BootContractName } from '../guest/boot-contract-name.ts';
import type { GuestPromise, ImageIdentity } from '../guest/guest-promise.ts';
import type { ReleaseGuest, ReleaseManifest } from '../manifests/release.ts';
import type { InstalledPackage } from '../packages/dpkg-status.ts';
import { checkDocument } from '../profiles/check-document.ts';
import { completeCheck, type ProfileCheck, type ProfileCheckDocument } from '../profiles/profile-check.ts';
import type { Profile, TargetName } from '../profiles/profile.ts';
import { ownFilesOf } from './check-hygiene.ts';

/** What is known of an image before it is booted. */
export interface ImagePromise {
  readonly guest: ReleaseGuest;
  readonly checks: readonly ProfileCheck[];
  readonly identity?: ImageIdentity;
}

/** What a profile lets its images promise, as the release records it. */
export function releaseGuestOf(profile: Profile): ReleaseGuest {
  const { guest, disk, checks } = profile;
  const { contract, hostname, sshPort, consoles, listeners, releaseFiles } = guest;
  const { layout, secureBoot } = disk;
  return {
    contract,
    hostname,
    sshPort,
    consoles,
    listeners,
    releaseFiles,
    disk: { layout, secureBoot },
    ownFiles: ownFilesOf(profile),
    checks: checks.map((check) => ({ ...check })),
  };
}

/**
 * What a release promises; one that came from elsewhere promises what a cloud image does, and nobody put its name into it.
 */
export function promiseOfRelease(
  manifest: ReleaseManifest,
  packages: readonly InstalledPackage[],
): ImagePromise {
  const { guest } = manifest;
  if (guest === undefined) return { guest: UNKNOWN_GUEST, checks: [] };
  const { releaseLine } = manifest.os;
  return {
    guest,
    checks: readChecks(guest.checks),
    identity: {
      imageId: manifest.line,
      // A reissue has the bytes of another release, and so its name inside.
      imageVersion: manifest.reissueOf ?? manifest.version.long,
      ...(releaseLine === undefined ? {} : { releaseLine }),
      releaseFiles: guest.releaseFiles,
      kernel: manifest.os.kernel,
      packages: packages.map(describePackage),
    },
  };
}

/** A package as checks name it. */
export function describePackage({ name, architecture, version }: InstalledPackage): string {
  return `${name}:${architecture} ${version}`;
}

/** What is expected of an image of which nothing is known: what every cloud image does. */
export const UNKNOWN_GUEST: ReleaseGuest = {
  contract: 'nocloud',
  hostname: 'localhost',
  sshPort: 22,
  consoles: [],
  listeners: [],
  releaseFiles: [],
  disk: { layout: 'bios', secureBoot: false },
  ownFiles: { placed: [], expected: [] },
  checks: [],
};

/** The contract that a target's server speaks, unless another one is asked for. */
export function defaultContract({ contract }: ReleaseGuest): BootContractName {
  return contract === 'cloudstack-systemvm' ? 'cloudstack' : 'nocloud';
}

/** What the checks of one machine are made of. */
export function promiseFor({ guest, identity }: ImagePromise, contract: BootContractName): GuestPromise {
  const { hostname, sshPort, consoles, listeners } = guest;
  return {
    contract,
    hostname,
    sshPort,
    consoles,
    listeners,
    ...(identity === undefined ? {} : { identity }),
  };
}

/** Targets by how well QEMU can be them: the first that a release has is tested in full. */
export const TARGETS_BY_LIKENESS: readonly TargetName[] = ['kvm', 'vmware', 'xenserver', 'hyperv'];

/** A later version of Mintmark may know checks that this one does not: those are left out. */
function readChecks(documents: ReleaseGuest['checks']): ProfileCheck[] {
  return documents.filter(isCheck).map(completeCheck);
}

function isCheck(document: unknown): document is ProfileCheckDocument {
  return checkDocument({ checks: [document] }).length === 0;
}
