import { Failure } from '../errors/failure.ts';
import { contentDigest } from '../guest/content-digest.ts';
import type { GuestIdentity } from '../guest/finish-machine.ts';
import { stampedTexts, type ReleaseStamp } from '../guest/release-stamp.ts';
import { sha256OfFile } from '../host/digest-file.ts';
import type { Profile } from '../profiles/profile.ts';
import { isMapping } from '../schemas/document-path.ts';
import { renderByteSize } from '../values/byte-size.ts';
import { renderIsoDate } from '../values/calendar-date.ts';
import { digestOfValue } from '../values/digest.ts';
import type { WorkflowContext } from './build-request.ts';
import type { BuildScene, ReservedBuild } from './build-scene.ts';
import { checkDrivers } from './check-drivers.ts';
import { digestDisk } from './digest-disk.ts';
import { finishDisk, usesGuestfs, type FinishedDisk } from './finish-disk.ts';
import type { MadeBase } from './make-base.ts';
import { readGuest, type GuestContent } from './read-guest.ts';
import type { ProvisionedDisk } from './run-packer.ts';
import type { Stage } from './stage-runner.ts';

/** Stage `finish`: identity, hygiene, trim, virt-sparsify, and the list of what the disk holds. */
export function finishStage(
  scene: BuildScene,
  base: MadeBase,
  provisioned: ProvisionedDisk,
  reserved: ReservedBuild,
): Stage<FinishedDisk> {
  const { plan, context, run } = scene;
  const { sparsify } = plan.profile.finish;
  const identity: GuestIdentity = {
    ...releaseStampOf(plan, reserved),
    builtSources: plan.sources.built,
    guestSources: plan.sources.guest,
  };
  return {
    name: 'finish',
    input: digestOfValue({ disk: provisioned.sha256, recipe: plan.recipeDigest, identity }),
    run: async (onProgress) => {
      const disk = await finishDisk(
        {
          profile: plan.profile,
          base,
          identity,
          accelerator: plan.accelerator.accelerator,
          provisionedDisk: provisioned.path,
          directory: run.path,
          secrets: scene.secrets,
          onProgress,
        },
        context,
      );
      requireSound(disk.content);
      onProgress('looking for drivers');
      const { rootOffsetBytes } = base.entry;
      const kernel = disk.content.kernels.at(-1);
      await checkDrivers(plan.profile, { disk: disk.path, rootOffsetBytes, kernel }, run.path, context);
      return disk;
    },
    summarize: (disk) => `${describeWork(sparsify)}: ${renderByteSize(disk.allocatedBytes)} in use`,
    restore: (recorded) => restoreFinished(recorded, base.entry.rootOffsetBytes, context),
    record: ({ path, digest, changelogs, changelogsSha256, allocatedBytes, finishedAt }): FinishRecord => ({
      path,
      digest,
      changelogs,
      changelogsSha256,
      allocatedBytes,
      finishedAt,
    }),
  };
}

/** What finish stamps a disk with. */
function releaseStampOf({ profile }: BuildScene['plan'], reserved: ReservedBuild): ReleaseStamp {
  return {
    imageId: profile.line,
    imageVersion: reserved.reservation.long,
    releaseLine: reserved.releaseLine,
    releaseDate: renderIsoDate(reserved.version.date),
  };
}

/** Digest of what a finished disk holds, without what {@link finishStage} stamped it with. */
export function digestContent(
  plan: BuildScene['plan'],
  content: GuestContent,
  reserved: ReservedBuild,
): string {
  const stamp = releaseStampOf(plan, reserved);
  return contentDigest(content, stampedTexts(plan.profile.guest.releaseFiles, stamp));
}

function describeWork(sparsify: Profile['finish']['sparsify']): string {
  const trim = sparsify === 'none' ? [] : ['trim'];
  return ['hygiene', ...trim, ...(usesGuestfs(sparsify) ? ['virt-sparsify'] : [])].join(', ');
}

function requireSound(content: GuestContent): void {
  if (content.unfinishedPackages.length === 0) return;
  throw new Failure('command', 'E_PACKAGES_UNFINISHED', 'the provisioners left packages half installed', {
    details: content.unfinishedPackages.slice(0, 10),
    hint: 'a provisioner ignored an error of apt or dpkg; let it end with `set -e`',
  });
}

/** What `state.json` keeps of a finished disk; what the disk holds is read from it again. */
type FinishRecord = Omit<FinishedDisk, 'content'>;

async function restoreFinished(
  recorded: unknown,
  rootOffsetBytes: number,
  context: WorkflowContext,
): Promise<FinishedDisk | undefined> {
  if (!isFinishRecord(recorded)) return undefined;
  try {
    const digest = await digestDisk(recorded.path, context);
    const changelogsSha256 = await sha256OfFile(recorded.changelogs, context.signal);
    if (digest !== recorded.digest || changelogsSha256 !== recorded.changelogsSha256) return undefined;
  } catch (error) {
    if (context.signal.aborted) throw error;
    return undefined;
  }
  const content = await readGuest(recorded.path, rootOffsetBytes, { signal: context.signal });
  return { ...recorded, content };
}

function isFinishRecord(value: unknown): value is FinishRecord {
  if (!isMapping(value)) return false;
  const { path, digest, changelogs, changelogsSha256, finishedAt } = value;
  const texts = [path, digest, changelogs, changelogsSha256, finishedAt];
  return texts.every((text) => typeof text === 'string') && typeof value['allocatedBytes'] === 'number';
}
