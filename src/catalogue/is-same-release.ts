import type { ReleaseGuest, ReleaseManifest } from '../manifests/release.ts';
import { canonicalJson } from '../values/digest.ts';

/** A release that is about to be made of a finished disk. */
export interface WantedRelease {
  readonly arch: ReleaseManifest['arch'];
  readonly contentDigest: string;
  readonly outputsDigest: string;
  readonly baseDigest: string;
  readonly guest: ReleaseGuest;
  /** Whether it will be tested. */
  readonly isTested: boolean;
}

/**
 * Whether a filed release is what a build is about to make, so that filing it again would give nothing but a new number:
 * the same content, made into the same artifacts, none of them left out, with the same promises, and tested as well.
 * What lies outside the files of a disk, such as boot code, comes with its base, so that has to be the same one.
 */
export function isSameRelease(filed: ReleaseManifest, wanted: WantedRelease): boolean {
  return (
    filed.contentDigest === wanted.contentDigest &&
    filed.recipe.outputsDigest === wanted.outputsDigest &&
    filed.base.digest === wanted.baseDigest &&
    filed.arch === wanted.arch &&
    filed.guest !== undefined &&
    canonicalJson(filed.guest) === canonicalJson(wanted.guest) &&
    (filed.skipped ?? []).length === 0 &&
    (!wanted.isTested || filed.tests?.result === 'passed')
  );
}
