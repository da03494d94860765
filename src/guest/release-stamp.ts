import type { GuestOptions } from '../profiles/profile.ts';

/** What tells the disk of one release from that of another with the same content. */
export interface ReleaseStamp {
  /** IMAGE_ID of os-release: the line. */
  readonly imageId: string;
  /** IMAGE_VERSION of os-release: LONG. */
  readonly imageVersion: string;
  /** The version that release files show. */
  readonly releaseLine: string;
  /** Date behind it, `YYYY-MM-DD`. */
  readonly releaseDate: string;
}

/** Text that the stamp leaves in a file of the guest. */
export interface StampedText {
  /** Absolute, as the profile has it: directories on the way may be links. */
  readonly path: string;
  readonly text: string;
  /** `whole`: the file holds nothing else; `end`: the text follows what was there before. */
  readonly place: 'whole' | 'end';
}

/**
 * Every text by which the disks of two releases differ though their content is the same: what `finish.sh` writes at the
 * end of os-release, and the release files. Whatever finish stamps besides belongs in here.
 */
export function stampedTexts(
  releaseFiles: GuestOptions['releaseFiles'],
  stamp: ReleaseStamp,
): readonly StampedText[] {
  const { imageId, imageVersion } = stamp;
  const osRelease = `IMAGE_ID=${imageId}\nIMAGE_VERSION=${imageVersion}\n`;
  return [
    { path: '/usr/lib/os-release', text: osRelease, place: 'end' },
    ...planReleaseFiles(releaseFiles, stamp),
  ];
}

/** The files that hold the release line and nothing else. */
export function planReleaseFiles(
  releaseFiles: GuestOptions['releaseFiles'],
  stamp: ReleaseStamp,
): StampedText[] {
  return releaseFiles.map(({ path, brand }) => ({
    path,
    text: renderReleaseLine(brand, stamp),
    place: 'whole',
  }));
}

/** The line that management servers read: its third word is the version. */
export function renderReleaseLine(
  brand: string,
  { releaseLine, releaseDate }: Pick<ReleaseStamp, 'releaseLine' | 'releaseDate'>,
): string {
  return `${brand} Release ${releaseLine} ${releaseDate}\n`;
}
