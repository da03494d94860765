import type { FileAspect, FileChange, FileChanges, FileState, SizeChanges } from './release-diff.ts';

/** A file of an image, as `files.txt` lists it. */
export interface FileRecord {
  readonly path: string;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** In bytes. */
  readonly size: number;
  readonly sha256?: string | undefined;
  readonly linkTarget?: string | undefined;
}

/** What became of the files; lists are in code-unit order of the paths. */
export function compareFiles(from: readonly FileRecord[], to: readonly FileRecord[]): FileChanges {
  const older = byPath(from);
  const newer = byPath(to);
  const changed = sorted(from).flatMap((file) => {
    const other = newer.get(file.path);
    return other ? changeOf(file, other) : [];
  });
  const removed = sorted(from).filter(({ path }) => !newer.has(path));
  return {
    added: sorted(to)
      .filter(({ path }) => !older.has(path))
      .map(namedState),
    removed: removed.map(namedState),
    changed,
    unchanged: older.size - removed.length - changed.length,
  };
}

/** How much content there is in both, and in the directories of the first two levels. */
export function compareSizes(from: readonly FileRecord[], to: readonly FileRecord[]): SizeChanges {
  const older = directorySizes(from);
  const newer = directorySizes(to);
  const directories = [...new Set([...older.keys(), ...newer.keys()])]
    .filter((path) => path !== ROOT)
    .map((path) => ({ path, from: older.get(path) ?? 0, to: newer.get(path) ?? 0 }))
    .filter((sizes) => sizes.from !== sizes.to)
    .toSorted((a, b) => Math.abs(b.to - b.from) - Math.abs(a.to - a.from) || (a.path < b.path ? -1 : 1));
  return { contentBytes: { from: older.get(ROOT) ?? 0, to: newer.get(ROOT) ?? 0 }, directories };
}

const ROOT = '/';

function directorySizes(files: readonly FileRecord[]): Map<string, number> {
  const sizes = new Map<string, number>();
  const add = (path: string, size: number): void => {
    sizes.set(path, (sizes.get(path) ?? 0) + size);
  };
  for (const { path, type, size } of files) {
    if (type !== 'file') continue;
    const [, first, second, third] = path.split('/', 4);
    add(ROOT, size);
    if (second !== undefined) add(`/${first}`, size);
    if (third !== undefined) add(`/${first}/${second}`, size);
  }
  return sizes;
}

function changeOf(from: FileRecord, to: FileRecord): FileChange[] {
  const aspects = aspectsOf(from, to);
  return aspects.length === 0 ? [] : [{ path: from.path, aspects, from: stateOf(from), to: stateOf(to) }];
}

function aspectsOf(from: FileRecord, to: FileRecord): FileAspect[] {
  const differs: readonly (readonly [FileAspect, boolean])[] = [
    ['type', from.type !== to.type],
    // A link's size is the length of its target.
    ['content', from.sha256 !== to.sha256 || (from.type === 'file' && from.size !== to.size)],
    ['link', from.linkTarget !== to.linkTarget],
    ['mode', from.mode !== to.mode],
    ['owner', from.uid !== to.uid || from.gid !== to.gid],
  ];
  // A file in place of a link has another content and target by its nature.
  const ofType = from.type !== to.type;
  return differs
    .filter(([aspect, isDifferent]) => isDifferent && !(ofType && ['content', 'link'].includes(aspect)))
    .map(([aspect]) => aspect);
}

function stateOf({ type, mode, uid, gid, size, sha256, linkTarget }: FileRecord): FileState {
  return {
    type,
    mode: mode.toString(8).padStart(4, '0'),
    uid,
    gid,
    sizeBytes: size,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(linkTarget === undefined ? {} : { linkTarget }),
  };
}

function namedState(file: FileRecord): { readonly path: string } & FileState {
  return { path: file.path, ...stateOf(file) };
}

function byPath(files: readonly FileRecord[]): Map<string, FileRecord> {
  return new Map(files.map((file) => [file.path, file]));
}

function sorted(files: readonly FileRecord[]): FileRecord[] {
  return files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}
