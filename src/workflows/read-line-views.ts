import { join } from 'node:path';
import { parseCatalogueDocument, type CatalogueDocument } from '../catalogue/catalogue-document.ts';
import type { LineViews } from '../catalogue/check-views.ts';
import { CATALOGUE_DOCUMENT, channelsDirectory, latestLink, lineIndexPath } from '../catalogue/paths.ts';
import { Failure } from '../errors/failure.ts';
import { readTextIfExists } from '../host/files.ts';
import { listNames, readLinkIfExists } from './catalogue-files.ts';

/** Reads everything that is made from a line's journal, as it stands. */
export async function readLineViews(catalogue: string, line: string): Promise<LineViews> {
  const [index, channels, latest, document] = await Promise.all([
    readTextIfExists(join(catalogue, lineIndexPath(line))),
    readChannels(catalogue, line),
    readLinkIfExists(join(catalogue, latestLink(line))),
    readCatalogueDocument(catalogue).catch(passOver),
  ]);
  return { index, channels, latest, indexSha256: document?.lines[line]?.sha256 };
}

/** `catalogue.json`, or undefined when there is none. @throws Failure `E_CATALOGUE_INVALID` */
export async function readCatalogueDocument(catalogue: string): Promise<CatalogueDocument | undefined> {
  const text = await readTextIfExists(join(catalogue, CATALOGUE_DOCUMENT));
  return text === undefined ? undefined : parseCatalogueDocument(text, CATALOGUE_DOCUMENT);
}

/** For `catch`: a document that cannot be read, for whatever reason, counts as absent; another check tells of it. */
export function passOver(error: unknown): undefined {
  if (!(error instanceof Failure)) throw error;
}

/** Channel → text of its document; by the names of the files, whatever they say. */
async function readChannels(catalogue: string, line: string): Promise<Map<string, string>> {
  const directory = join(catalogue, channelsDirectory(line));
  const channels = new Map<string, string>();
  for (const name of await listNames(directory)) {
    if (name.startsWith('.') || !name.endsWith('.json')) continue;
    const text = await readTextIfExists(join(directory, name));
    if (text !== undefined) channels.set(name.slice(0, -'.json'.length), text);
  }
  return channels;
}
