import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A program that Mintmark runs. */
export interface Tool {
  readonly program: string;
  /** Debian package that holds it, the same name in Debian 12 and 13. */
  readonly package: string;
  /** Oldest version that works; absent where every version in use does. */
  readonly minimum?: string;
  /** Arguments with which it prints its version; absent when it cannot. */
  readonly version?: readonly string[];
  /** Another program of the same package that prints the version instead. */
  readonly versionProgram?: string;
  /** `ordinary`: only a user without root needs it. */
  readonly user?: 'ordinary';
  /** `test`: only `npm test` needs it. */
  readonly for?: 'test';
  /** What it does here, for people. */
  readonly purpose: string;
}

/** The table lies beside the sources, also when we run from `dist`: `src/setup.mjs` reads it before anything is compiled. */
const TABLE_FILE = join(import.meta.dirname, '../../src/host/tools.json');

/** A file that Mintmark needs from a Debian package without programs. */
export interface NeededFile {
  readonly file: string;
  readonly package: string;
  /** `test`: only `npm test` needs it. */
  readonly for?: 'test';
  readonly purpose: string;
}

const TABLE = parseToolTable(readFileSync(TABLE_FILE, 'utf8'));

/** Every program that Mintmark runs, from `tools.json`. */
export const TOOLS: readonly Tool[] = TABLE.programs;

/** Every other file that Mintmark or its tests need, from `tools.json`. */
export const NEEDED_FILES: readonly NeededFile[] = TABLE.files;

/** The tool of that name; a name that is not in the table is a bug. */
export function toolNamed(program: string): Tool {
  const tool = TOOLS.find((candidate) => candidate.program === program);
  if (tool === undefined) throw new Error(`${program} is missing in src/host/tools.json`);
  return tool;
}

/** Our own file, checked by a unit test rather than here. */
function parseToolTable(text: string): { readonly programs: Tool[]; readonly files: NeededFile[] } {
  const table: { programs: Tool[]; files: NeededFile[] } = JSON.parse(text);
  return table;
}
