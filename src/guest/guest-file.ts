/** One file of a guest's disk, with the digests of its content. */
export interface GuestFile {
  /** Absolute. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'character-device' | 'block-device' | 'fifo' | 'socket';
  /** Permission bits with set-user-id, set-group-id and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Length of the content in bytes. */
  readonly size: number;
  /** Time of last change of content, in milliseconds since the epoch. */
  readonly mtimeMs: number;
  /** Where a symbolic link points. */
  readonly linkTarget?: string;
  /** Extended attributes, capabilities among them: the value in lower-case hexadecimal by full name; absent when none. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Of the content, lower-case hexadecimal; only files have them. */
  readonly sha256?: string;
  readonly md5?: string;
}

/** Files larger than this are not kept as text: nobody writes that much configuration by hand. In bytes. */
export const LARGEST_KEPT_TEXT = 64 * 1024;

/** Places whose small files are kept as text: what hygiene looks into, and what configuration is compared by. */
const KEPT_TEXTS = [
  /^\/etc\//,
  /^\/root\/\.[^/]+(?:\/[^/]+)?$/,
  /^\/home\/[^/]+\/\.[^/]+(?:\/[^/]+)?$/,
  /^\/var\/lib\/dbus\/machine-id$/,
  // Homes of accounts that belong to services.
  /^\/var\/.*\/\.ssh\/[^/]+$/,
  /^\/boot\/grub\/grub\.cfg$/,
  // The version of the release stands in it, which its content is compared without.
  /^\/usr\/lib\/os-release$/,
];

/** Whether a file's text is kept, so that rules can look into it. */
export function isKeptText({ path, type, size }: Pick<GuestFile, 'path' | 'type' | 'size'>): boolean {
  return (
    type === 'file' && size > 0 && size <= LARGEST_KEPT_TEXT && KEPT_TEXTS.some((place) => place.test(path))
  );
}

/**
 * Resolves links among the directories of a path, but not the last name, by what a walk found: `/bin/sh` is
 * `/usr/bin/sh` where `/bin` is a link. A path that goes through a loop stays as it was.
 */
export function canonicalPaths(files: readonly GuestFile[]): (path: string) => string {
  const links = new Map(
    files.flatMap(({ path, linkTarget }) => (linkTarget === undefined ? [] : [[path, linkTarget] as const])),
  );
  const known = new Map<string, string>([['', '']]);
  const directory = (path: string): string => {
    const found = known.get(path);
    if (found !== undefined) return found;
    // Until it is resolved a directory stands for itself, which ends loops.
    known.set(path, path);
    const here = canonical(path);
    const target = links.get(here);
    const resolved = target === undefined ? here : directory(absolute(here, target));
    known.set(path, resolved);
    return resolved;
  };
  const canonical = (path: string): string => {
    const slash = path.lastIndexOf('/');
    return slash < 0 ? path : `${directory(path.slice(0, slash))}${path.slice(slash)}`;
  };
  return canonical;
}

function absolute(link: string, target: string): string {
  const parts = target.startsWith('/') ? [] : link.split('/').slice(1, -1);
  for (const part of target.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.map((part) => `/${part}`).join('');
}
