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
  { run, plan }: BuildScene,
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
    ...(disk === undefined
      ? []
      : [
          {
            label: 'look',
            lines: [
              `npm run mintmark -- run ${run.id}   (boots it for you)`,
              ...lookInside(disk, plan.accelerator.accelerator),
            ],
          },
        ]),
  ];
}

async function findDisk(directory: string, stage: StageName): Promise<string | undefined> {
  const path = join(directory, stage === 'packer' ? join('output', DISK_FILE) : 'disk.raw');
  return stat(path).then(
    () => path,
    () => undefined,
  );
}

/** These come with virt-sparsify, and read the disk in a machine of their own; nothing is changed. */
function lookInside(disk: string, accelerator: 'kvm' | 'tcg'): string[] {
  // Where KVM opens and is useless, libguestfs would wait for it.
  const settings = accelerator === 'tcg' ? 'LIBGUESTFS_BACKEND_SETTINGS=force_tcg ' : '';
  const source = `--format=${disk.endsWith('.raw') ? 'raw' : 'qcow2'} -a ${quoteForShell(disk)}`;
  return [`${settings}virt-ls -l ${source} /`, `${settings}virt-cat ${source} /etc/fstab`];
}
