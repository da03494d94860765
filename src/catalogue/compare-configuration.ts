import type { GuestFacts } from '../manifests/guest-facts.ts';
import { unifiedDiff } from '../values/line-diff.ts';
import type { ConfigurationChange, ConfigurationChanges } from './release-diff.ts';

/** What is known of the configuration of a release. */
export interface ConfigurationSide {
  readonly facts: GuestFacts;
  /** SHA-256 of files by path, from `files.txt`; undefined when that is not known. */
  readonly digests: ReadonlyMap<string, string> | undefined;
}

/**
 * What became of the files of `/etc`. Those that hold secrets are told by name alone: whether they changed is in the list
 * of files, and nobody's to know when that is missing.
 */
export function compareConfiguration(from: ConfigurationSide, to: ConfigurationSide): ConfigurationChanges {
  const older = statesOf(from);
  const newer = statesOf(to);
  const files: ConfigurationChange[] = [];
  const untold: string[] = [];
  for (const path of [...new Set([...older.keys(), ...newer.keys()])].toSorted()) {
    const [before, after] = [older.get(path), newer.get(path)];
    if (before === undefined || after === undefined) {
      files.push({
        path,
        change: before === undefined ? 'added' : 'removed',
        ...textDiff(path, before, after),
      });
    } else if (before.sha256 === undefined || after.sha256 === undefined) untold.push(path);
    else if (before.sha256 !== after.sha256)
      files.push({ path, change: 'changed', ...textDiff(path, before, after) });
  }
  return { files, untold };
}

interface ConfigurationState {
  readonly sha256?: string | undefined;
  readonly text?: string;
}

function statesOf({ facts, digests }: ConfigurationSide): Map<string, ConfigurationState> {
  return new Map<string, ConfigurationState>([
    ...facts.withheld.map((path) => [path, { sha256: digests?.get(path) }] as const),
    ...facts.configuration.map(({ path, sha256, text }) => [path, { sha256, text }] as const),
  ]);
}

function textDiff(
  path: string,
  before: ConfigurationState | undefined,
  after: ConfigurationState | undefined,
): { readonly diff?: string } {
  const isKeptBack = [before, after].some((state) => state !== undefined && state.text === undefined);
  if (isKeptBack) return {};
  const diff = unifiedDiff({ path, from: before?.text, to: after?.text });
  return diff === undefined || diff === '' ? {} : { diff };
}
