import { fieldOf, parseDeb822 } from './deb822.ts';

/** What dpkg knows of the files on a system; every path as the file system has it, see {@link DatabaseContext}. */
export interface PackageDatabase {
  /** Package that put a path there, by path; of a directory, one of those that share it. */
  readonly owners: ReadonlyMap<string, string>;
  /** MD5 of the content that a package shipped, by path; what packages treat as configuration is not among it. */
  readonly md5sums: ReadonlyMap<string, string>;
  /** MD5 that a configuration file had in its package, by path; see `Conffiles` in deb-conffiles(5). */
  readonly conffiles: ReadonlyMap<string, string>;
  /** Paths whose owner and mode somebody chose instead of the package; see dpkg-statoverride(1). */
  readonly statOverrides: ReadonlySet<string>;
}

/** A file of one package that moved out of the way of another's. */
export interface Diversion {
  readonly from: string;
  readonly to: string;
  /** Package whose own file stays at `from`; absent for a diversion of the administrator's, which moves everybody's. */
  readonly by?: string;
}

/** Where dpkg keeps what it knows. */
const DPKG_DIRECTORY = '/var/lib/dpkg';

/** Whether a file is part of what {@link parsePackageDatabase} reads. */
export function isDatabaseFile(path: string): boolean {
  return /^\/var\/lib\/dpkg\/(?:info\/[^/]+\.(?:list|md5sums)|diversions|statoverride|status)$/.test(path);
}

/**
 * Reads dpkg's files. Raises `E_DEB822_INVALID` for a status file that is none.
 *
 * @param texts content by absolute path; what is missing counts as empty
 * @param canonical a path after links among its directories: packages ship `/bin/x` where the file is `/usr/bin/x`
 */
export function parsePackageDatabase(
  texts: ReadonlyMap<string, string>,
  canonical: (path: string) => string,
): PackageDatabase {
  const diversions = parseDiversions(texts.get(`${DPKG_DIRECTORY}/diversions`) ?? '');
  const place = placer(diversions, canonical);
  const owners = new Map<string, string>();
  const md5sums = new Map<string, string>();
  for (const [path, text] of texts) {
    const [, owner = '', kind] = /\/info\/([^/]+)\.(list|md5sums)$/.exec(path) ?? [];
    const [name = ''] = owner.split(':');
    if (kind === 'list') for (const listed of parseFileList(text)) owners.set(place(listed, name), name);
    if (kind === 'md5sums') for (const [file, md5] of parseMd5sums(text)) md5sums.set(place(file, name), md5);
  }
  return {
    owners,
    md5sums,
    conffiles: new Map(
      parseConffiles(texts.get(`${DPKG_DIRECTORY}/status`) ?? '').map(({ path, md5, by }) => [
        place(path, by),
        md5,
      ]),
    ),
    statOverrides: new Set(
      parseStatOverrides(texts.get(`${DPKG_DIRECTORY}/statoverride`) ?? '').map(canonical),
    ),
  };
}

/** Paths of a package's `.list`; the root is `/.` there. */
export function parseFileList(text: string): string[] {
  return linesOf(text).map((line) => (line === '/.' ? '/' : line));
}

/** Path and MD5 of each line of a package's `.md5sums`, where paths are relative to the root. */
export function parseMd5sums(text: string): [path: string, md5: string][] {
  return linesOf(text).flatMap((line) => {
    const [, md5, path] = /^([0-9a-f]{32}) [ *](.+)$/.exec(line) ?? [];
    return md5 === undefined ? [] : [[`/${path}`, md5] satisfies [string, string]];
  });
}

/** Triples of lines: where the file was, where it is now, who diverts; a colon stands for the administrator. */
export function parseDiversions(text: string): Diversion[] {
  const lines = linesOf(text);
  return Array.from({ length: Math.floor(lines.length / 3) }, (_, index) => {
    const [from = '', to = '', by = ':'] = lines.slice(index * 3, index * 3 + 3);
    return by === ':' ? { from, to } : { from, to, by };
  });
}

/** Paths of a `statoverride` file, whose lines are `user group mode path`. */
export function parseStatOverrides(text: string): string[] {
  return linesOf(text).flatMap((line) => /^\S+ \S+ [0-7]+ (\/.*)$/.exec(line)?.[1] ?? []);
}

/** Configuration files of the packages that are installed; obsolete ones belong to no version any more. */
function parseConffiles(
  status: string,
): { readonly path: string; readonly md5: string; readonly by: string }[] {
  return parseDeb822(status, 'dpkg status file').flatMap((paragraph) => {
    if (fieldOf(paragraph, 'Status')?.endsWith(' installed') !== true) return [];
    const by = fieldOf(paragraph, 'Package') ?? '';
    return linesOf(fieldOf(paragraph, 'Conffiles') ?? '').flatMap((line) => {
      const [, path, md5] = /^(\/.*) ([0-9a-f]{32})$/.exec(line) ?? [];
      return path === undefined || md5 === undefined ? [] : [{ path, md5, by }];
    });
  });
}

function placer(
  diversions: readonly Diversion[],
  canonical: (path: string) => string,
): (path: string, name: string) => string {
  const byPath = new Map(diversions.map((diversion) => [diversion.from, diversion]));
  return (path, name) => {
    const diversion = byPath.get(path);
    return canonical(diversion === undefined || diversion.by === name ? path : diversion.to);
  };
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
