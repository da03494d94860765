import { layeredMember, layerOf, plainValueOf, type LayeredValue } from './layered-value.ts';
import { ADDING_LISTS } from './profile-document.ts';

/** A document on its way into a profile: checked, with absolute file paths, and where it came from. */
export interface ProfileLayer {
  /** What people call the place: `default`, `built-in stack:systemvm`, `profiles/edge.yaml`. */
  readonly origin: string;
  readonly document: unknown;
}

/** The document of several, the later over the earlier, by the rules that `ProfileDocument` states. */
export function mergeDocuments(layers: readonly ProfileLayer[]): LayeredValue {
  return layers.reduce(mergeOnto, layerOf({}, 'default'));
}

/** One more document over what came before. */
export function mergeOnto(below: LayeredValue, layer: ProfileLayer): LayeredValue {
  const above = layerOf(layer.document, layer.origin);
  return merge(withoutContradicted(below, above), above, '');
}

function merge(below: LayeredValue, above: LayeredValue, path: string): LayeredValue {
  if (Object.hasOwn(ADDING_LISTS, path)) return mergeList(below, above, ADDING_LISTS[path]);
  if (below.kind !== 'mapping' || above.kind !== 'mapping') return above;
  const members = new Map(below.members);
  for (const [key, member] of above.members) {
    members.set(
      key,
      merge(members.get(key) ?? layerOf(emptyLike(member), member.origin), member, `${path}.${key}`),
    );
  }
  return { kind: 'mapping', members, origin: above.origin };
}

/** So that a list edit also takes effect where nothing is inherited. */
function emptyLike(member: LayeredValue): unknown {
  return member.kind === 'mapping' ? {} : [];
}

function mergeList(below: LayeredValue, above: LayeredValue, identity: string | undefined): LayeredValue {
  const replacement = layeredMember(above, 'replace');
  const added = replacement ?? above;
  const inherited = replacement === undefined && below.kind === 'list' ? below.entries : [];
  if (added.kind !== 'list') return above;
  const entries = new Map(inherited.map((entry, index) => [identityOf(entry, identity) ?? index, entry]));
  added.entries.forEach((entry, index) => {
    entries.set(identityOf(entry, identity) ?? inherited.length + index, entry);
  });
  return { kind: 'list', entries: [...entries.values()], origin: added.origin };
}

/** What makes two entries the same one; undefined for steps, which may repeat. */
function identityOf(entry: LayeredValue, key: string | undefined): unknown {
  const named = key === undefined ? entry : layeredMember(entry, key);
  return named?.kind === 'scalar' ? `=${String(named.value)}` : undefined;
}

/** Takes packages off the inherited `include` that the document excludes, and the other way round. */
function withoutContradicted(below: LayeredValue, above: LayeredValue): LayeredValue {
  const packages = layeredMember(below, 'packages');
  if (below.kind !== 'mapping' || packages?.kind !== 'mapping') return below;
  const members = new Map(packages.members);
  for (const [list, opposite] of [
    ['include', 'exclude'],
    ['exclude', 'include'],
  ] as const) {
    const inherited = members.get(list);
    if (inherited?.kind !== 'list') continue;
    const dropped = namedPackages(layeredMember(layeredMember(above, 'packages'), opposite));
    const entries = inherited.entries.filter((entry) => !dropped.has(plainValueOf(entry)));
    members.set(list, { ...inherited, entries });
  }
  return { ...below, members: new Map(below.members).set('packages', { ...packages, members }) };
}

function namedPackages(list: LayeredValue | undefined): Set<unknown> {
  const entries = layeredMember(list, 'replace') ?? list;
  return new Set(entries?.kind === 'list' ? entries.entries.map(plainValueOf) : []);
}
