import { Failure } from '../errors/failure.ts';
import { InvalidDocument, type Fault } from '../errors/fault.ts';
import { didYouMean } from '../errors/suggestion.ts';
import { isMapping } from '../schemas/document-path.ts';
import { checkDocument, withoutFaulty } from './check-document.ts';
import { checkProfile } from './check-profile.ts';
import { completeProfile, type MergedDocument } from './complete-profile.ts';
import { DEFAULTS } from './defaults.ts';
import { anchorFileReferences } from './file-references.ts';
import { originsOf, plainValueOf } from './layered-value.ts';
import type { LoadedDocument } from './loaded-document.ts';
import { mergeDocuments, type ProfileLayer } from './merge-documents.ts';
import { applyOverrides } from './overrides.ts';
import type { Override } from './parse-override.ts';
import type { Profile, TargetName } from './profile.ts';
import { TARGET_NAMES } from './profile-document.ts';
import { secretsOf, type SecretReference } from './secrets.ts';
import { withTargetFragments } from './target-fragments.ts';

/** What a profile is resolved from. */
export interface ProfileSources {
  /** The profile's name unless it says otherwise. */
  readonly name: string;
  /** What it extends, the nearest last, and itself as the very last. */
  readonly documents: readonly LoadedDocument[];
  /** `--target` options; they take the place of the profile's own targets. */
  readonly targets: readonly string[];
  /** `--set` options. */
  readonly set: readonly Override[];
  /** Directory that file references in built-ins start from. */
  readonly provisionersDirectory: string;
  /** Directory that file references in `--set` start from. */
  readonly workingDirectory: string;
}

/** A complete profile and how it came to be. */
export interface ResolvedProfile {
  readonly profile: Profile;
  /** Where each value came from, by path; a path that is absent was filled in by default. */
  readonly origins: ReadonlyMap<string, string>;
  /** The documents it was put together from, the last one winning. */
  readonly sources: readonly string[];
  readonly secrets: readonly SecretReference[];
}

/**
 * Puts a profile together. Raises {@link InvalidDocument} with every fault of every document at once, and
 * `E_TARGET_UNKNOWN` (usage) for a `--target` that does not exist.
 */
export function resolveProfile(sources: ProfileSources): ResolvedProfile {
  const wanted = sources.targets.map(checkedTarget);
  const checked = sources.documents.map((loaded) => {
    const unchecked = loaded.builtIn !== true && loaded.document !== undefined;
    const ofContent = unchecked ? checkDocument(loaded.document) : [];
    const faults = [...loaded.faults, ...ofContent];
    return { ...loaded, faults, document: withoutFaulty(loaded.document, faults) };
  });
  const layers = withTargetFragments(checked, wanted, sources.provisionersDirectory);
  const merged = mergeDocuments([{ origin: 'default', document: DEFAULTS }, ...layers.map(prepared)]);
  const overridden = applyOverrides(restricted(merged, wanted), sources.set);
  const plain = anchorFileReferences(plainValueOf(overridden.document), sources.workingDirectory);
  if (!isMergedDocument(plain)) throw new Error('a checked document does not lie over the defaults');
  const profile = completeProfile(plain, sources.name);
  refuseFaulty(checked, [...overridden.faults, ...checkProfile(profile)]);
  return {
    profile,
    origins: originsOf(overridden.document),
    sources: layers.map((layer) => layer.origin),
    secrets: secretsOf(profile),
  };
}

function checkedTarget(name: string): TargetName {
  const known = TARGET_NAMES.find((target) => target === name);
  if (known) return known;
  const message = `there is no target ${JSON.stringify(name)}${didYouMean(name, TARGET_NAMES)}`;
  throw new Failure('usage', 'E_TARGET_UNKNOWN', message, { hint: `targets: ${TARGET_NAMES.join(', ')}` });
}

/** A layer as it takes part in the merge: absolute files, and a name and description only from the last one. */
function prepared(layer: LoadedDocument, index: number, layers: readonly LoadedDocument[]): ProfileLayer {
  const document = isMapping(layer.document) ? layer.document : {};
  const { $schema: _schema, extends: _extends, name, description, ...inherited } = document;
  const own = index === layers.length - 1 ? { name, description } : {};
  const present = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  return {
    origin: layer.origin,
    document: anchorFileReferences({ ...present, ...inherited }, layer.directory),
  };
}

/** With `--target`, targets that the documents name beside the wanted ones are left out. */
function restricted(
  merged: ReturnType<typeof mergeDocuments>,
  wanted: readonly TargetName[],
): ReturnType<typeof mergeDocuments> {
  const targets = merged.kind === 'mapping' ? merged.members.get('targets') : undefined;
  if (wanted.length === 0 || merged.kind !== 'mapping' || targets?.kind !== 'mapping') return merged;
  const members = new Map([...targets.members].filter(([name]) => wanted.some((target) => target === name)));
  return { ...merged, members: new Map(merged.members).set('targets', { ...targets, members }) };
}

function isMergedDocument(value: unknown): value is MergedDocument {
  return isMapping(value) && Object.keys(DEFAULTS).every((key) => value[key] !== undefined);
}

/** One faulty document gives its name to the failure; of several, each fault says which. */
function refuseFaulty(documents: readonly LoadedDocument[], ofProfile: readonly Fault[]): void {
  const subject = documents.at(-1)?.origin ?? 'profile';
  const found = documents
    .filter(({ faults }) => faults.length > 0)
    .map(({ origin, faults }) => ({ origin, faults }));
  if (ofProfile.length > 0) found.push({ origin: subject, faults: ofProfile });
  const first = found[0];
  if (!first) return;
  const single = found.every(({ origin }) => origin === first.origin);
  const faults = found.flatMap((part) =>
    part.faults.map(({ path, message }) => ({
      path,
      message: single || part.origin === subject ? message : `${message} (in ${part.origin})`,
    })),
  );
  throw new InvalidDocument(single ? first.origin : subject, faults);
}
