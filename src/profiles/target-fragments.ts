import { isMapping } from '../schemas/document-path.ts';
import { FRAGMENTS } from './built-in.ts';
import type { TargetName } from './profile.ts';
import { TARGET_NAMES } from './profile-document.ts';
import type { LoadedDocument } from './loaded-document.ts';

/**
 * Sees to it that each target brings its fragment (agents, kernel, format): those asked for, or else those that the
 * documents name, or else kvm. Fragments come after the other fragments and before people's own documents, which
 * can therefore overrule them.
 */
export function withTargetFragments(
  documents: readonly LoadedDocument[],
  wanted: readonly TargetName[],
  directory: string,
): LoadedDocument[] {
  const others = documents.filter((loaded) => !loaded.fragment?.startsWith('target:'));
  const targets = wanted.length > 0 ? wanted : namedTargets(documents);
  const fragments = TARGET_NAMES.filter((name) => targets.includes(name)).map((name) =>
    targetFragment(name, directory),
  );
  const position = others.findLastIndex((loaded) => loaded.fragment !== undefined) + 1;
  return others.toSpliced(position, 0, ...fragments);
}

function namedTargets(documents: readonly LoadedDocument[]): readonly string[] {
  const named = documents.flatMap(({ document }) =>
    isMapping(document) && isMapping(document['targets']) ? Object.keys(document['targets']) : [],
  );
  return named.length > 0 ? named : ['kvm'];
}

function targetFragment(name: TargetName, directory: string): LoadedDocument {
  const fragment = `target:${name}`;
  return {
    origin: `built-in ${fragment}`,
    document: FRAGMENTS[fragment] ?? {},
    directory,
    faults: [],
    fragment,
  };
}
