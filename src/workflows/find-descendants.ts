import { join } from 'node:path';
import { LINES } from '../catalogue/paths.ts';
import { isLineName } from '../manifests/safe-names.ts';
import { listNames, withCatalogueErrors } from './catalogue-files.ts';
import { readLineIndex } from './read-line.ts';

/**
 * Every release that was made from this one, directly or over others, whatever has become of it since: built on it as
 * its base in any line, or the same bytes under a new version. As `LINE@LONG`, nearest first. Reads the indexes only.
 */
export async function findDescendants(catalogue: string, line: string, long: string): Promise<string[]> {
  const children = await withCatalogueErrors(catalogue, () => readChildren(catalogue));
  const origin = `${line}@${long}`;
  const found = new Set([origin]);
  // A set hands out what is added while it is gone through.
  for (const name of found) for (const child of children.get(name) ?? []) found.add(child);
  found.delete(origin);
  return [...found];
}

/** What was made from each release that anything was made from. */
async function readChildren(catalogue: string): Promise<Map<string, string[]>> {
  const children = new Map<string, string[]>();
  for (const line of (await listNames(join(catalogue, LINES))).filter(isLineName)) {
    for (const { long, parent, reissueOf } of (await readLineIndex(catalogue, line)).releases) {
      const origins = [parent, reissueOf === undefined ? undefined : `${line}@${reissueOf}`];
      for (const origin of origins.filter((name) => name !== undefined)) {
        children.set(origin, [...(children.get(origin) ?? []), `${line}@${long}`]);
      }
    }
  }
  return children;
}
