import { dirname, join } from 'node:path';
import {
  allocationDirectory,
  lineDirectory,
  lineFailedDirectory,
  lineReleasesDirectory,
} from '../catalogue/paths.ts';
import { Failure } from '../errors/failure.ts';
import { readLinkIfExists } from './catalogue-files.ts';

/**
 * Makes sure that the directories of a line are its own, as far as they are there: a symbolic link in their place would
 * have us count, and write, in another line or outside of the catalogue. The catalogue itself may be behind one.
 *
 * Raises `E_LINE_NAME` (usage) and `E_CATALOGUE_SHAPE` (host).
 */
export async function requireOwnDirectories(catalogue: string, line: string): Promise<void> {
  const own = [lineDirectory(line), lineReleasesDirectory(line), lineFailedDirectory(line)];
  for (const directory of [...own.map((path) => dirname(path)), ...own, allocationDirectory(line)]) {
    const target = await readLinkIfExists(join(catalogue, directory));
    if (target !== undefined) throw leadsAway(catalogue, directory, target);
  }
}

function leadsAway(catalogue: string, directory: string, target: string): Failure {
  const message = `${directory} of the catalogue ${catalogue} is a symbolic link, to ${target}`;
  return new Failure('host', 'E_CATALOGUE_SHAPE', message, {
    hint: 'put the directory itself there: versions are counted, and releases moved, inside one file system',
    evidence: { catalogue, directory, target },
  });
}
