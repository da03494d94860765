import { BUILT_IN_PROFILES, FRAGMENTS } from '../../../src/profiles/built-in.ts';
import type { LoadedDocument } from '../../../src/profiles/loaded-document.ts';
import { parseOverride } from '../../../src/profiles/parse-override.ts';
import { resolveProfile, type ResolvedProfile } from '../../../src/profiles/resolve-profile.ts';

const DIRECTORY = '/repository/provisioners';

/** The documents of a built-in without reading files, as the load workflow would list them. */
export function builtInDocuments(name: string): LoadedDocument[] {
  const document = BUILT_IN_PROFILES[name];
  const fragments = [document?.extends ?? []].flat().map((fragment) => ({
    origin: `built-in ${fragment}`,
    document: FRAGMENTS[fragment],
    directory: DIRECTORY,
    faults: [],
    fragment,
  }));
  return [...fragments, { origin: `built-in ${name}`, document, directory: DIRECTORY, faults: [] }];
}

/** A document of a person's own, lying in /profiles. */
export function ownDocument(document: unknown): LoadedDocument {
  return { origin: 'own.yaml', document, directory: '/profiles', faults: [] };
}

/** A built-in put together, perhaps with a document over it. */
export function resolveBuiltIn(
  name: string,
  options: { set?: string[]; targets?: string[]; own?: unknown } = {},
): ResolvedProfile {
  const own = options.own === undefined ? [] : [ownDocument(options.own)];
  return resolveProfile({
    name: options.own === undefined ? name : 'own',
    documents: [...builtInDocuments(name), ...own],
    targets: options.targets ?? [],
    set: (options.set ?? []).map(parseOverride),
    provisionersDirectory: DIRECTORY,
    workingDirectory: '/here',
  });
}
