import type { FileChange, FileChanges, FileState } from '../catalogue/release-diff.ts';
import { renderByteSize } from '../values/byte-size.ts';
import type { DiffRow } from './diff-section.ts';

/** One row for each file. */
export function fileRows({ changed, added, removed }: FileChanges): DiffRow[] {
  return [
    ...changed.map((change): DiffRow => ({ sign: '~', cells: [change.path, describeChange(change)] })),
    ...added.map((file) => fileRow('+', file)),
    ...removed.map((file) => fileRow('-', file)),
  ];
}

function fileRow(sign: DiffRow['sign'], file: FileChanges['added'][number]): DiffRow {
  return { sign, cells: [file.path, describeFile(file)] };
}

/** One row for each directory of the first two levels, those with most changes first. */
export function fileOverview(files: FileChanges): DiffRow[] {
  const counts = new Map<string, Record<keyof typeof SIGNS, number>>();
  for (const kind of ['changed', 'added', 'removed'] as const) {
    for (const { path } of files[kind]) {
      const directory = path.split('/').slice(0, 3).join('/') || '/';
      const count = counts.get(directory) ?? { changed: 0, added: 0, removed: 0 };
      count[kind] += 1;
      counts.set(directory, count);
    }
  }
  const total = ({ changed, added, removed }: Record<keyof typeof SIGNS, number>) =>
    changed + added + removed;
  return Array.from(counts)
    .toSorted(([a, of], [b, other]) => total(other) - total(of) || (a < b ? -1 : 1))
    .map(([directory, count]) => {
      const kinds = (['changed', 'added', 'removed'] as const).filter((kind) => count[kind] > 0);
      const [only] = kinds;
      return {
        sign: only !== undefined && kinds.length === 1 ? SIGNS[only] : '~',
        cells: [directory, kinds.map((kind) => `${count[kind]} ${kind}`).join(', ')],
      };
    });
}

const SIGNS = { changed: '~', added: '+', removed: '-' } as const;

function describeFile({ type, mode, sizeBytes, linkTarget }: FileState): string {
  if (linkTarget !== undefined) return `→ ${linkTarget}`;
  const special = Number.parseInt(mode, 8) & SPECIAL_BITS ? ` ${mode}` : '';
  return type === 'file' ? `${renderByteSize(sizeBytes)}${special}` : `${type}${special}`;
}

/** Set-user-ID, set-group-ID, sticky: what a reader must not miss. */
const SPECIAL_BITS = 0o7000;

function describeChange({ aspects, from, to }: FileChange): string {
  return aspects.map((aspect) => ASPECTS[aspect](from, to)).join('  ');
}

const ASPECTS: Readonly<Record<FileChange['aspects'][number], (from: FileState, to: FileState) => string>> = {
  type: (from, to) => `${from.type} → ${to.type}`,
  content: (from, to) => {
    const [before, after] = [renderByteSize(from.sizeBytes), renderByteSize(to.sizeBytes)];
    return before === after ? 'content' : `content ${before} → ${after}`;
  },
  link: (from, to) => `${from.linkTarget ?? ''} → ${to.linkTarget ?? ''}`,
  mode: (from, to) => `mode ${from.mode} → ${to.mode}`,
  owner: (from, to) => `owner ${from.uid}:${from.gid} → ${to.uid}:${to.gid}`,
};
