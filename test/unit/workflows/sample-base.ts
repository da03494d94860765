import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BASE_FILES, renderBaseEntry, type BaseEntry, type BaseFile } from '../../../src/bases/base-entry.ts';
import type { ClosurePackage } from '../../../src/bases/closure.ts';
import { sha256Of } from '../../../src/values/digest.ts';
import { entryDirectory } from '../../../src/workflows/base-cache.ts';

/** What a pretended .deb holds. */
export const debText = (name: string): string => `deb of ${name}\n`;

/** A package whose .deb is {@link debText}. */
export function samplePackage(name: string, version = '1'): ClosurePackage {
  const text = debText(name);
  const file = `${name}_${version}_all.deb`;
  return { name, version, architecture: 'all', sha256: sha256Of(text), sizeBytes: text.length, file };
}

const CONTENT: Readonly<Record<BaseFile, string>> = {
  disk: 'the disk',
  kernel: 'the kernel',
  initrd: 'the initrd',
  changelogs: 'the changelogs',
};

/** Puts a small but complete base into a cache, as if it had been made. */
export async function plantBase(cache: string, key: string, content = CONTENT): Promise<BaseEntry> {
  const directory = entryDirectory(cache, key);
  await mkdir(directory, { recursive: true });
  const describe = (role: BaseFile) => ({ sha256: sha256Of(content[role]), sizeBytes: content[role].length });
  const entry: BaseEntry = {
    schema: 1,
    key,
    method: 'bootstrap',
    created: '2026-11-21T07:00:00.000Z',
    rootUuid: 'u',
    rootOffsetBytes: 1048576,
    virtualSizeBytes: 4096,
    files: {
      disk: describe('disk'),
      kernel: describe('kernel'),
      initrd: describe('initrd'),
      changelogs: describe('changelogs'),
    },
    packages: [],
  };
  for (const role of ['disk', 'kernel', 'initrd', 'changelogs'] as const) {
    await writeFile(join(directory, BASE_FILES[role]), content[role]);
  }
  await writeFile(join(directory, 'entry.json'), renderBaseEntry(entry));
  return entry;
}
