import type { GuestFile } from '../../../src/guest/guest-file.ts';
import type { HygieneFacts } from '../../../src/guest/hygiene-facts.ts';
import type { PackageDatabase } from '../../../src/packages/package-database.ts';

/** A file of a test: ordinary unless told otherwise; text becomes its content. */
export type SampleFile = Partial<Omit<GuestFile, 'path'>> & { readonly path: string; readonly text?: string };

/** When the disks of tests were finished. */
export const FINISHED_MS = Date.UTC(2026, 10, 22, 1);

/** A disk with these files, all of them older than the end of finish. */
export function factsOf(
  files: readonly SampleFile[],
  rest: Partial<Omit<HygieneFacts, 'files' | 'packages'>> & {
    readonly packages?: Partial<PackageDatabase>;
  } = {},
): HygieneFacts {
  return {
    placed: new Set(),
    expected: [],
    finishedAtMs: FINISHED_MS,
    ...rest,
    files: files.map(fileOf),
    texts: new Map(files.flatMap(({ path, text }) => (text === undefined ? [] : [[path, text] as const]))),
    packages: {
      owners: new Map([['/usr', 'base-files']]),
      md5sums: new Map(),
      conffiles: new Map(),
      statOverrides: new Set(),
      ...rest.packages,
    },
  };
}

/** The file with everything that a test does not care about. */
export function fileOf({ text, ...file }: SampleFile): GuestFile {
  return {
    type: file.linkTarget === undefined ? 'file' : 'symlink',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: text?.length ?? 0,
    mtimeMs: FINISHED_MS - 1000,
    ...file,
  };
}
