import type { Fault } from '../errors/fault.ts';
import {
  isMapping,
  parseDocumentPath,
  renderDocumentPath,
  type DocumentPath,
} from '../schemas/document-path.ts';
import { compileSchema, type Validator } from '../schemas/validator.ts';
import { profileCheckFaults } from './profile-check-faults.ts';
import { profileSchema } from './profile-schema.ts';

let compiled: Validator | undefined;

/** Every fault that one document has by itself: the schema, and rules between neighbouring keys. */
export function checkDocument(document: unknown): Fault[] {
  compiled ??= compileSchema(profileSchema());
  return [...compiled(document), ...checkEntries(document), ...checkPackages(document)];
}

/** What is left of a document when everything faulty is taken out, so that the rest can still be checked. */
export function withoutFaulty(document: unknown, faults: readonly Fault[]): unknown {
  return faults.reduce<unknown>((left, fault) => {
    const { path } = parseDocumentPath(fault.path);
    const list = path.findIndex((segment) => typeof segment === 'number' || segment === 'replace');
    return without(left, list === -1 ? path : path.slice(0, list));
  }, document);
}

function without(value: unknown, path: DocumentPath): unknown {
  const [key, ...rest] = path;
  if (!isMapping(value) || key === undefined) return {};
  if (!Object.hasOwn(value, key)) return value;
  const { [key]: member, ...others } = value;
  return rest.length === 0 ? others : { ...value, [key]: without(member, rest) };
}

interface Entry {
  readonly path: DocumentPath;
  readonly value: Readonly<Record<string, unknown>>;
}

/** The mappings in a list, or in its `replace` form. */
function entriesOf(list: unknown, path: DocumentPath): Entry[] {
  if (isMapping(list)) return entriesOf(list['replace'], [...path, 'replace']);
  if (!Array.isArray(list)) return [];
  return list.flatMap((value: unknown, index) =>
    isMapping(value) ? [{ path: [...path, index], value }] : [],
  );
}

function checkEntries(document: unknown): Fault[] {
  if (!isMapping(document)) return [];
  const files = entriesOf(document['files'], ['files']);
  const steps = entriesOf(document['provisioners'], ['provisioners']);
  const checks = entriesOf(document['checks'], ['checks']);
  const os = isMapping(document['os']) ? document['os'] : {};
  const sources = entriesOf(os['aptSources'], ['os', 'aptSources']);
  const keys = sources.flatMap(({ path, value }) =>
    isMapping(value['key']) ? [{ path: [...path, 'key'], value: value['key'] }] : [],
  );
  return [
    ...files.flatMap((entry) => exactlyOne(entry, 'content', 'source')),
    ...steps
      .filter(({ value }) => value['type'] === 'shell')
      .flatMap((entry) => exactlyOne(entry, 'script', 'inline')),
    ...keys.flatMap((entry) => exactlyOne(entry, 'file', 'text')),
    ...checks.flatMap(({ path, value }) => profileCheckFaults(path, value)),
    ...repeated(files, 'path'),
    ...repeated(sources, 'name'),
  ];
}

function exactlyOne({ path, value }: Entry, first: string, second: string): Fault[] {
  const count = [first, second].filter((key) => Object.hasOwn(value, key)).length;
  if (count === 1) return [];
  const found = count === 0 ? 'neither' : 'both';
  return [
    {
      path: renderDocumentPath(path),
      message: `must have exactly one of ${first} and ${second}; found ${found}`,
    },
  ];
}

function repeated(entries: readonly Entry[], key: string): Fault[] {
  const first = new Map<unknown, DocumentPath>();
  return entries.flatMap(({ path, value }) => {
    const before = first.get(value[key]);
    if (value[key] === undefined) return [];
    if (before === undefined) first.set(value[key], path);
    if (before === undefined) return [];
    const message = `is the same as in ${renderDocumentPath(before)}; found ${JSON.stringify(value[key])}`;
    return [{ path: renderDocumentPath([...path, key]), message }];
  });
}

function checkPackages(document: unknown): Fault[] {
  const packages = isMapping(document) ? document['packages'] : undefined;
  if (!isMapping(packages)) return [];
  const include = namesIn(packages['include'], ['packages', 'include']);
  const exclude = namesIn(packages['exclude'], ['packages', 'exclude']);
  const included = new Set(include.map(([, name]) => name));
  const both = exclude
    .filter(([, name]) => included.has(name))
    .map(([path, name]) => ({ path, message: `is also in include; found ${JSON.stringify(name)}` }));
  return [...repeatedNames(include), ...repeatedNames(exclude), ...both];
}

type NamedPlace = readonly [path: string, name: string];

function namesIn(list: unknown, path: DocumentPath): NamedPlace[] {
  if (isMapping(list)) return namesIn(list['replace'], [...path, 'replace']);
  if (!Array.isArray(list)) return [];
  return list.flatMap((name: unknown, index) =>
    typeof name === 'string' ? [[renderDocumentPath([...path, index]), name] as const] : [],
  );
}

function repeatedNames(names: readonly NamedPlace[]): Fault[] {
  const seen = new Map<string, string>();
  return names.flatMap(([path, name]) => {
    const before = seen.get(name);
    seen.set(name, before ?? path);
    return before === undefined
      ? []
      : [{ path, message: `is the same as ${before}; found ${JSON.stringify(name)}` }];
  });
}
