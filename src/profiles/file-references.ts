import { isAbsolute, resolve } from 'node:path';
import { isMapping } from '../schemas/document-path.ts';
import type { Profile } from './profile.ts';

type Mapping = Readonly<Record<string, unknown>>;

/**
 * Makes the file references of a document absolute, as seen from the directory that it lies in.
 * Values of the wrong type are left for the schema to refuse.
 */
export function anchorFileReferences(document: unknown, directory: string): unknown {
  if (!isMapping(document)) return document;
  const anchor = (key: string) => (entry: unknown) => anchored(entry, key, directory);
  const keyFile = (entry: unknown): unknown =>
    isMapping(entry) ? edited(entry, 'key', (key) => anchored(key, 'file', directory)) : entry;
  let result = edited(document, 'files', (list) => eachEntry(list, anchor('source')));
  result = edited(result, 'provisioners', (list) =>
    eachEntry(eachEntry(list, anchor('script')), anchor('source')),
  );
  return edited(result, 'os', (os) =>
    isMapping(os) ? edited(os, 'aptSources', (list) => eachEntry(list, keyFile)) : os,
  );
}

function edited(value: Mapping, key: string, edit: (member: unknown) => unknown): Mapping {
  return Object.hasOwn(value, key) ? { ...value, [key]: edit(value[key]) } : value;
}

function eachEntry(list: unknown, edit: (entry: unknown) => unknown): unknown {
  if (Array.isArray(list)) return list.map(edit);
  return isMapping(list) ? edited(list, 'replace', (entries) => eachEntry(entries, edit)) : list;
}

function anchored(entry: unknown, key: string, directory: string): unknown {
  if (!isMapping(entry)) return entry;
  return edited(entry, key, (path) =>
    typeof path === 'string' && !isAbsolute(path) ? resolve(directory, path) : path,
  );
}

/** A file of the build host that a profile needs. */
export interface FileReference {
  /** Where the profile names it, such as `.provisioners[0].script`. */
  readonly path: string;
  /** The file, absolute. */
  readonly file: string;
}

/** Every file of the build host that a profile needs, in the order of the profile. */
export function referencedFiles(profile: Profile): FileReference[] {
  const found: FileReference[] = [];
  const add = (path: string, file: string | undefined): void => {
    if (file !== undefined) found.push({ path, file });
  };
  profile.os.aptSources.forEach((source, index) => add(`.os.aptSources[${index}].key.file`, source.key.file));
  profile.files.forEach((file, index) => add(`.files[${index}].source`, file.source));
  profile.provisioners.forEach((step, index) => {
    if (step.type === 'shell') add(`.provisioners[${index}].script`, step.script);
    else add(`.provisioners[${index}].source`, step.source);
  });
  return found;
}
