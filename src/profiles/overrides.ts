import type { Fault } from '../errors/fault.ts';
import { isMapping, renderDocumentPath, type DocumentPath } from '../schemas/document-path.ts';
import { checkDocument } from './check-document.ts';
import { layerOf, plainValueOf, type LayeredValue } from './layered-value.ts';
import { mergeOnto } from './merge-documents.ts';
import type { Override } from './parse-override.ts';
import { ADDING_LISTS } from './profile-document.ts';

const ORIGIN = '--set';

/** A profile after `--set`, with what was wrong with each option that could not be applied. */
export interface Overridden {
  readonly document: LayeredValue;
  readonly faults: readonly Fault[];
}

/** Applies options in order. A list entry that exists is reached by its index. */
export function applyOverrides(document: LayeredValue, overrides: readonly Override[]): Overridden {
  const faults: Fault[] = [];
  let result = document;
  for (const override of overrides) {
    const changed = applyOverride(result, override);
    const found = Array.isArray(changed) ? changed : checkDocument(plainValueOf(changed));
    if (found.length === 0 && !Array.isArray(changed)) result = changed;
    faults.push(...found.map((fault) => ({ ...fault, message: `${fault.message} (--set)` })));
  }
  return { document: result, faults };
}

function applyOverride(
  document: LayeredValue,
  { path, adds, value, faults }: Override,
): LayeredValue | Fault[] {
  if (faults.length > 0) return [...faults];
  const rendered = renderDocumentPath(path);
  if (path[0] === 'extends') return [{ path: rendered, message: 'cannot be set from the command line' }];
  try {
    return adds ? added(document, path, value) : placed(document, path, [], () => plainList(value));
  } catch (error) {
    if (error instanceof NoSuchPlace) return [{ path: error.path, message: error.message }];
    throw error;
  }
}

/** Ends the walk along a path that leads nowhere; never leaves this file. */
class NoSuchPlace extends Error {
  readonly path: string;
  constructor(path: DocumentPath, message: string) {
    super(message);
    this.path = renderDocumentPath(path);
  }
}

function plainList(value: unknown): unknown {
  return isMapping(value) && Object.hasOwn(value, 'replace') ? value['replace'] : value;
}

function added(document: LayeredValue, path: DocumentPath, value: unknown): LayeredValue {
  const entries: unknown[] = Array.isArray(value) ? value : [value];
  if (Object.hasOwn(ADDING_LISTS, renderDocumentPath(path))) {
    const nested = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), entries);
    return mergeOnto(document, { origin: ORIGIN, document: nested });
  }
  return placed(document, path, [], (before) => {
    if (!Array.isArray(before)) throw new NoSuchPlace(path, 'is not a list; += adds to lists');
    return [...before, ...entries];
  });
}

/** The document with the value at `path` replaced; `seen` is the part of the path already walked. */
function placed(
  document: LayeredValue | undefined,
  path: DocumentPath,
  seen: DocumentPath,
  change: (before: unknown) => unknown,
): LayeredValue {
  const [key, ...rest] = path;
  if (key === undefined) return layerOf(change(document && plainValueOf(document)), ORIGIN);
  const here = [...seen, key];
  if (document?.kind === 'list') {
    const before = typeof key === 'number' ? document.entries[key] : undefined;
    if (before === undefined) {
      throw new NoSuchPlace(here, `there is no such entry; the list has ${document.entries.length}`);
    }
    const entries = document.entries.map((entry) =>
      entry === before ? placed(entry, rest, here, change) : entry,
    );
    return { ...document, entries };
  }
  const members = new Map(document?.kind === 'mapping' ? document.members : []);
  members.set(String(key), placed(members.get(String(key)), rest, here, change));
  return { kind: 'mapping', members, origin: ORIGIN };
}
