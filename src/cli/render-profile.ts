import { isMapping, renderDocumentPath, type DocumentPath } from '../schemas/document-path.ts';
import { renderColumns, truncate, type TextLayout } from './text-layout.ts';

/** Columns that a value may take; a long one is whole in the JSON document. */
const VALUE_WIDTH = 64;

/** A resolved profile as lines of path, value and where the value came from. */
export function renderProfile(
  profile: object,
  origins: ReadonlyMap<string, string>,
  { style }: TextLayout,
): string {
  const rows = leavesOf(profile).map(([path, value]) => [
    path,
    truncate(JSON.stringify(value), VALUE_WIDTH),
    style.dim(origins.get(path) ?? 'default'),
  ]);
  return renderColumns(rows).join('\n');
}

/** Every scalar, empty list and empty mapping, with its path, in document order. */
function leavesOf(value: unknown, path: DocumentPath = []): [string, unknown][] {
  const members: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : isMapping(value)
      ? Object.entries(value)
      : [];
  if (members.length === 0) return [[renderDocumentPath(path), value]];
  return members.flatMap(([key, member]) => leavesOf(member, [...path, key]));
}
