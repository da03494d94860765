import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Top of the repository. */
export const REPOSITORY = join(import.meta.dirname, '../..');

/** A source file: its path from the top of the repository, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Every file below a directory whose name has the ending, in order. */
export function readFiles(directory: string, ending: string): SourceFile[] {
  return readdirSync(join(REPOSITORY, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
    .map((file) => ({ path: relative(REPOSITORY, file), text: readFileSync(file, 'utf8') }));
}
