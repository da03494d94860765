import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonObjectIfExists, writeFileAtomically } from '../host/files.ts';
import { digestOfValue } from '../values/digest.ts';

/** A program smaller than this may be a script, and lead to another program tomorrow. */
const LEAST_PROGRAM_BYTES = 1024 * 1024;

/**
 * What a program said when it was asked for its version, asked again only when its file has changed. Starting a large
 * Go program takes a tenth of a second, as long as all that `render` does itself.
 */
export async function rememberedVersion(
  cacheDirectory: string,
  program: string,
  ask: () => Promise<string>,
): Promise<string> {
  const { size, mtimeMs, ctimeMs, ino, dev } = await stat(program);
  if (size < LEAST_PROGRAM_BYTES) return ask();
  const path = join(cacheDirectory, 'programs', `${digestOfValue(program).slice(0, 16)}.json`);
  const file = digestOfValue({ size, mtimeMs, ctimeMs, ino, dev });
  const known = await readJsonObjectIfExists(path).catch(() => undefined);
  if (known?.['file'] === file && typeof known['version'] === 'string') return known['version'];
  const version = await ask();
  // A cache that cannot be written costs time only.
  await writeFileAtomically(path, `${JSON.stringify({ program, file, version })}\n`).catch(() => undefined);
  return version;
}
