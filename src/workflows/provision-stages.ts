import { sha256OfFile } from '../host/digest-file.ts';
import { isMapping } from '../schemas/document-path.ts';
import { renderByteSize } from '../values/byte-size.ts';
import { digestOfValue } from '../values/digest.ts';
import { readCheckedBase } from './base-cache.ts';
import type { BuildScene } from './build-scene.ts';
import { makeBase, type MadeBase } from './make-base.ts';
import { prepareProject, runPacker, type PreparedProject, type ProvisionedDisk } from './run-packer.ts';
import type { Stage } from './stage-runner.ts';

/** What stage `base` leaves. */
export interface PreparedBase {
  readonly base: MadeBase;
  readonly prepared: PreparedProject;
}

/** Stage `base`: the base disk, and beside it the Packer project that will use it. */
export function baseStage(scene: BuildScene): Stage<PreparedBase> {
  const { plan, request, context, run } = scene;
  const directory = run.file('base');
  const baseRequest = {
    ...plan,
    builderDigests: plan.builderDigests,
    offline: request.offline,
    rebuild: false,
    logFile: run.file('bootstrap.log'),
  };
  /** Neither may still be at work below the run's directory when the other one's failure has that removed. */
  const withProject = async (making: Promise<MadeBase>): Promise<PreparedBase> => {
    const preparing = prepareProject(plan, run.path);
    await Promise.allSettled([making, preparing]);
    return { base: await making, prepared: await preparing };
  };
  return {
    name: 'base',
    input: plan.baseDigest,
    run: (progress) => withProject(makeBase(baseRequest, directory, context, progress)),
    restore: async () => {
      const base = await readCheckedBase(directory, plan.baseDigest, context.signal);
      return base && withProject(Promise.resolve({ ...base, cached: true }));
    },
    summarize: ({ base }) =>
      `${base.cached ? 'from the cache' : 'made'}: ${base.entry.packages.length} packages, ${renderByteSize(base.entry.files.disk.sizeBytes)}`,
    record: ({ base }) => ({ key: base.entry.key, cached: base.cached, files: base.entry.files }),
  };
}

/** Stage `packer`: the provisioners run in the guest. */
export function packerStage(scene: BuildScene, { base, prepared }: PreparedBase): Stage<ProvisionedDisk> {
  const { plan, context, run, secrets } = scene;
  return {
    name: 'packer',
    input: digestOfValue({ build: plan.buildDigest, disk: base.entry.files.disk.sha256 }),
    run: (onProgress) =>
      runPacker({ plan, prepared, base, directory: run.path, secrets, onProgress }, context),
    restore: (recorded) => restoreFileOf(isProvisionedDisk, recorded, context.signal),
    summarize: ({ provisioners }) =>
      `${provisioners} ${provisioners === 1 ? 'provisioner' : 'provisioners'} over SSH`,
    record: (disk) => disk,
  };
}

/** What a stage recorded of the one file that it left, when that file still has its digest. */
async function restoreFileOf<Output extends { readonly path: string; readonly sha256: string }>(
  isIt: (value: unknown) => value is Output,
  recorded: unknown,
  signal: AbortSignal,
): Promise<Output | undefined> {
  if (!isIt(recorded)) return undefined;
  const found = await sha256OfFile(recorded.path, signal).catch(() => undefined);
  signal.throwIfAborted();
  return found === recorded.sha256 ? recorded : undefined;
}

function isProvisionedDisk(value: unknown): value is ProvisionedDisk {
  if (!isMapping(value)) return false;
  const { path, sha256, provisioners } = value;
  return typeof path === 'string' && typeof sha256 === 'string' && typeof provisioners === 'number';
}
