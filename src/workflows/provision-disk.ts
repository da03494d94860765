import type { BuildScene } from './build-scene.ts';
import { baseStage, packerStage } from './provision-stages.ts';
import type { MadeBase } from './make-base.ts';
import type { ProvisionedDisk } from './run-packer.ts';
import type { StageRunner } from './stage-runner.ts';

/** A disk that Packer is done with, and the base below it. */
export interface Provisioned {
  readonly base: MadeBase;
  readonly disk: ProvisionedDisk;
}

/** Work that several profiles of one request have in common. */
export interface SharedWork {
  /** Unstamped disks by build digest. */
  readonly provisioned: Map<string, Provisioned>;
  /** What is removed when the whole request is done. */
  readonly cleanups: (() => Promise<void>)[];
}

/** The unstamped disk: made, or taken over from another profile of this request that has the same recipe so far. */
export async function provisionDisk(
  stages: StageRunner,
  scene: BuildScene,
  shared: SharedWork,
): Promise<Provisioned> {
  const known = shared.provisioned.get(scene.plan.buildDigest);
  if (known) {
    for (const stage of ['base', 'packer'] as const) {
      scene.context.emit({
        type: 'stage-skipped',
        stage,
        reason: 'the same disk was made for another profile just now',
      });
    }
    return known;
  }
  const prepared = await stages.run(baseStage(scene));
  const disk = await stages.run(packerStage(scene, prepared));
  const provisioned = { base: prepared.base, disk };
  shared.provisioned.set(scene.plan.buildDigest, provisioned);
  return provisioned;
}
