import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach } from '@jest/globals';

/** A directory of its own for every test of a file. */
export interface ScratchDirectory {
  readonly path: string;
  readonly join: (...names: string[]) => string;
  readonly write: (name: string, data: string | Buffer) => Promise<string>;
  readonly read: (name: string) => Promise<string>;
}

/** Makes a directory before each test and removes it afterwards. */
export function useScratchDirectory(name: string): ScratchDirectory {
  let path = '';
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), `mintmark-${name}-`));
  });
  afterEach(() => rm(path, { recursive: true, force: true }));
  return {
    get path() {
      return path;
    },
    join: (...names) => join(path, ...names),
    write: async (file, data) => {
      const target = join(path, file);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, data);
      return target;
    },
    read: (file) => readFile(join(path, file), 'utf8'),
  };
}
