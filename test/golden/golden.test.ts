import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { GOLDEN_CASES, GOLDEN_DIALECTS, planGolden } from './golden-projects.ts';
import type { PlannedFile } from '../../src/packer/planned-file.ts';

const REWRITE = process.env['MINTMARK_GOLDEN'] === 'write';

/** A new folder with a profile.json is a new test; `npm run golden` writes what it must render. */
describe.each(GOLDEN_CASES)('%s', (name) => {
  test.each(GOLDEN_DIALECTS)('$name renders the project as it was reviewed', async (dialect) => {
    const project = await planGolden(name, dialect);
    const expected = join(import.meta.dirname, name, 'expected', dialect.name);
    const rendered = new Map<string, string>();
    for (const file of project.files) rendered.set(file.path, await textOf(file));
    if (REWRITE) await writeExpected(expected, project.files, rendered);
    expect(existsSync(expected)).toBe(true);
    expect(Object.fromEntries(rendered)).toEqual(await readExpected(expected));
  });
});

function textOf(file: PlannedFile): Promise<string> {
  return 'content' in file ? Promise.resolve(file.content) : readFile(file.copyOf, 'utf8');
}

async function writeExpected(
  directory: string,
  files: readonly PlannedFile[],
  rendered: ReadonlyMap<string, string>,
): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  for (const file of files) {
    const path = join(directory, file.path);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, rendered.get(file.path) ?? '', { mode: file.mode ?? 0o644 });
  }
}

async function readExpected(directory: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const path of await readdir(directory, { recursive: true })) {
    const file = join(directory, path);
    if ((await stat(file)).isFile()) found[path] = await readFile(file, 'utf8');
  }
  return found;
}
