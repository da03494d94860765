import type { InstalledPackage } from '../packages/dpkg-status.ts';
import { packagesDigest } from '../packages/package-list.ts';
import { sha256Of } from '../values/digest.ts';
import { canonicalPaths, type GuestFile } from './guest-file.ts';
import type { StampedText } from './release-stamp.ts';

/** A finished disk, as far as its digest goes. */
export interface DigestedDisk {
  readonly files: readonly GuestFile[];
  /** Content by path of small files; see `isKeptText`. */
  readonly texts: ReadonlyMap<string, string>;
  readonly packages: readonly InstalledPackage[];
}

/** Content that is another in every build, or in every machine, and says nothing about what was built. */
interface VolatileContent {
  readonly matches: RegExp;
  readonly because: string;
}

/**
 * Finish removes or empties all of these, so that a sound disk has none; they are here for disks that still do. Only the
 * content is left out, and only where there is some: that a file is there, whose it is and whether it is empty counts,
 * so that a build which no longer leaves a host key behind is another one.
 */
const VOLATILE: readonly VolatileContent[] = [
  { matches: /^\/(?:etc|var\/lib\/dbus)\/machine-id$/, because: 'drawn by the first boot' },
  {
    matches: /^\/etc\/ssh\/ssh_host_[^/]+_key(?:\.pub)?$/,
    because: 'drawn when the SSH server is installed',
  },
  { matches: /^\/var\/lib\/systemd\/(?:random-seed|credential\.secret)$/, because: 'drawn by a boot' },
  { matches: /^\/var\/log\//, because: 'logs tell the times of the build' },
  { matches: /^\/var\/cache\/ldconfig\/aux-cache$/, because: 'holds inode numbers and times of libraries' },
  { matches: /^\/var\/cache\/apt\/[^/]+\.bin$/, because: 'holds addresses in memory, and is made again' },
];

/**
 * SHA-256 over what a disk holds, equal for two builds that differ in nothing but the stamp: of every file its path, type,
 * mode, owner, content or link and extended attributes (which `files.txt` does not list), and the installed packages.
 * Left out are times, the texts of `stamp`, and what {@link VOLATILE} lists. A stamped file that holds anything else
 * than it was given counts as it is, so that a mistake here makes equal disks differ and never the other way round.
 */
export function contentDigest(disk: DigestedDisk, stamp: readonly StampedText[]): string {
  const canonical = canonicalPaths(disk.files);
  const stamped = new Map(stamp.map((text) => [canonical(text.path), text]));
  const lines = disk.files.map((file) => {
    const { path, type, mode, uid, gid, linkTarget, attributes = {} } = file;
    const content = contentOf(file, disk.texts.get(path), stamped.get(path));
    const words = Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return JSON.stringify([path, type, mode, uid, gid, linkTarget, content, words]);
  });
  lines.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return sha256Of([packagesDigest(disk.packages), ...lines].join('\n'));
}

/** What stands for the content of a file; sizes say nothing that a digest does not. */
function contentOf(
  { path, size, sha256 }: GuestFile,
  text: string | undefined,
  stamp: StampedText | undefined,
): string | undefined {
  if (sha256 === undefined) return undefined;
  if (stamp?.place === 'whole' && sha256 === sha256Of(stamp.text)) return 'stamp';
  // Bytes that are no UTF-8 are not in the text as they are in the file.
  if (stamp?.place === 'end' && text?.endsWith(stamp.text) === true && sha256 === sha256Of(text))
    return `${sha256Of(text.slice(0, -stamp.text.length))} and stamp`;
  const isVolatile = size > 0 && VOLATILE.some(({ matches }) => matches.test(path));
  return isVolatile ? 'volatile' : sha256;
}
