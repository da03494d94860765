import { spawnSync } from 'node:child_process';

/** As root a mount namespace is enough; others need one of users too. */
const UNSHARE = ['unshare', process.getuid?.() === 0 ? '-m' : '-rm', '--'];

/** Says why no small disk can be made here, or nothing. */
export function smallDiskIsMissing(): string | undefined {
  const [command = '', ...args] = UNSHARE;
  const probe = spawnSync(command, [...args, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { encoding: 'utf8' });
  return probe.status === 0 ? undefined : `no mount namespace: ${probe.stderr || String(probe.error)}`;
}

/**
 * Runs a module in a process that sees a small, empty disk at `directory`; what the module prints comes back. The disk
 * is gone with the process.
 */
export function runOnSmallDisk(directory: string, sizeKib: number, module: string): string {
  const [command = '', ...args] = UNSHARE;
  const shell = `mount -t tmpfs -o size=${sizeKib}k tmpfs "$1" && exec "$2" --input-type=module -e "$3"`;
  const call = [...args, 'sh', '-c', shell, 'sh', directory, process.execPath, module];
  const result = spawnSync(command, call, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(result.stderr);
  return result.stdout;
}
