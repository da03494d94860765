import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FailureFact } from '../errors/failure.ts';
import { DISK_FILE } from '../packer/qemu-source.ts';
import { quoteForShell } from '../values/command-spec.ts';
import type { BuildScene } from './build-scene.ts';
import type { StageName } from './events.ts';

/**
 * What a person can do after a failure: where the run is, how to go on, and how to look inside a disk that was kept.
 *
 * @param failed the stage that failed
 * @param kept the stage whose half-made disk was kept
 */
export async function describeWayOn(
  { run }: BuildScene,
  failed: StageName | undefined,
  kept: StageName | undefined,
): Promise<FailureFact[]> {
  const disk = kept === undefined ? undefined : await findDisk(run.path, kept);
  return [
    { label: 'run', lines: [run.path] },
    {
      label: 'go on',
      lines: [`npm run build -- --resume ${run.id}${failed === undefined ? '' : `   (from: ${failed})`}`],
    },
    ...(disk === undefined ? [] : [{ label: 'look', lines: lookInside(disk) }]),
  ];
}

async function findDisk(directory: string, stage: StageName): Promise<string | undefined> {
  const path = join(directory, stage === 'packer' ? join('output', DISK_FILE) : 'disk.raw');
  return stat(path).then(
    () => path,
    () => undefined,
  );
}

/** `virt-rescue` comes with virt-sparsify, and boots without the guest's own kernel; nothing is changed. */
function lookInside(disk: string): string[] {
  const format = disk.endsWith('.raw') ? 'raw' : 'qcow2';
  return [
    `virt-rescue --ro -i --format=${format} -a ${quoteForShell(disk)}   (a shell; the disk is at /sysroot)`,
    `virt-cat --format=${format} -a ${quoteForShell(disk)} /etc/fstab`,
  ];
}
