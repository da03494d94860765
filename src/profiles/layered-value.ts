import { isMapping, renderDocumentPath, type DocumentPath } from '../schemas/document-path.ts';

/** A value in which every part knows the document it came from. */
export type LayeredValue =
  | { readonly kind: 'scalar'; readonly value: unknown; readonly origin: string }
  | { readonly kind: 'list'; readonly entries: readonly LayeredValue[]; readonly origin: string }
  | {
      readonly kind: 'mapping';
      readonly members: ReadonlyMap<string, LayeredValue>;
      readonly origin: string;
    };

/** Marks a plain value, with all its parts, as coming from one place. */
export function layerOf(value: unknown, origin: string): LayeredValue {
  if (Array.isArray(value))
    return { kind: 'list', entries: value.map((entry) => layerOf(entry, origin)), origin };
  if (!isMapping(value)) return { kind: 'scalar', value, origin };
  const members = Object.entries(value).map(([key, member]) => [key, layerOf(member, origin)] as const);
  return { kind: 'mapping', members: new Map(members), origin };
}

/** The plain value again. */
export function plainValueOf(layered: LayeredValue): unknown {
  if (layered.kind === 'scalar') return layered.value;
  if (layered.kind === 'list') return layered.entries.map(plainValueOf);
  return Object.fromEntries([...layered.members].map(([key, member]) => [key, plainValueOf(member)]));
}

/** Where each scalar, empty list and empty mapping came from, by path. */
export function originsOf(layered: LayeredValue, path: DocumentPath = []): Map<string, string> {
  const parts = partsOf(layered);
  if (parts.length === 0) return new Map([[renderDocumentPath(path), layered.origin]]);
  return new Map(parts.flatMap(([key, part]) => [...originsOf(part, [...path, key])]));
}

function partsOf(layered: LayeredValue): readonly (readonly [string | number, LayeredValue])[] {
  if (layered.kind === 'scalar') return [];
  return layered.kind === 'list' ? [...layered.entries.entries()] : [...layered.members];
}

/** One member of a mapping, or undefined. */
export function layeredMember(layered: LayeredValue | undefined, key: string): LayeredValue | undefined {
  return layered?.kind === 'mapping' ? layered.members.get(key) : undefined;
}
