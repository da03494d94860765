import { checkConsoles } from './check-consoles.ts';
import { checkImageIdentity, checkKernel, checkPackages, checkReleaseLines } from './check-identity.ts';
import { checkListeners } from './check-listeners.ts';
import { checkMachineIdentity } from './check-machine-identity.ts';
import { checkPasswords, checkSshSettings } from './check-passwords.ts';
import { checkRootSize } from './check-root-size.ts';
import { checkCloudInit, checkPackageStates, checkUnits } from './check-units.ts';
import type { GuestCheck } from './guest-check.ts';
import type { GuestPromise, ImageIdentity } from './guest-promise.ts';

/**
 * What every image is held to, in the order in which it is asked: first which image it is, then whether it is well, which
 * waits until the guest has come to rest. Only those with `isIdentity` are asked of every artifact.
 */
export function guestChecks(promise: GuestPromise): GuestCheck[] {
  const { contract, identity, consoles } = promise;
  const isCloud = contract === 'nocloud' || contract === 'config-drive';
  return [
    ...(identity === undefined ? [] : identityChecks(identity)),
    ...(isCloud ? [checkCloudInit()] : []),
    checkUnits(),
    checkListeners(promise),
    checkRootSize(),
    ...(consoles.length === 0 ? [] : [checkConsoles(consoles)]),
    checkPackageStates(),
    checkPasswords(),
    // Servers log in to system VMs as root, by key.
    checkSshSettings({ rootMayLogIn: !isCloud }),
    checkMachineIdentity(),
  ];
}

function identityChecks(identity: ImageIdentity): GuestCheck[] {
  const hasLine = identity.releaseLine !== undefined && identity.releaseFiles.length > 0;
  return [
    checkImageIdentity(identity),
    ...(hasLine ? [checkReleaseLines(identity)] : []),
    checkKernel(identity),
    checkPackages(identity),
  ];
}
