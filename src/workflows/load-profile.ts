import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../errors/failure.ts';
import { InvalidDocument, type Fault } from '../errors/fault.ts';
import { isSystemError } from '../host/files.ts';
import { BUILT_IN_PROFILES, FRAGMENTS } from '../profiles/built-in.ts';
import { referencedFiles, type FileReference } from '../profiles/file-references.ts';
import type { LoadedDocument } from '../profiles/loaded-document.ts';
import type { Override } from '../profiles/parse-override.ts';
import type { Profile } from '../profiles/profile.ts';
import type { ProfileDocument } from '../profiles/profile-document.ts';
import { knownProfilesHint, parseProfileReference } from '../profiles/profile-reference.ts';
import type { FileDigests } from '../profiles/recipe.ts';
import { resolveProfile, type ResolvedProfile } from '../profiles/resolve-profile.ts';
import { isMapping } from '../schemas/document-path.ts';

/** Scripts and files of the built-in profiles; the same place seen from `src` and from `dist`. */
export const PROVISIONERS_DIRECTORY = join(import.meta.dirname, '../../provisioners');

/** What a person asked for with `--profile` and the options that change it. */
export interface ProfileRequest {
  /** Built-in name, or path of a profile file. */
  readonly reference: string;
  /** `--target` options. */
  readonly targets?: readonly string[];
  /** `--set` options. */
  readonly set?: readonly string[];
  /** Directory that relative paths start from; the process's own by default. */
  readonly workingDirectory?: string;
}

/**
 * Reads a profile with everything it extends and puts it together.
 *
 * Raises `E_PROFILE_UNKNOWN` for a name or file that does not exist, `E_PROFILE_INVALID` with every fault of every
 * document at once, `E_TARGET_UNKNOWN` for a target that does not exist.
 */
export async function loadProfile(request: ProfileRequest): Promise<ResolvedProfile> {
  const workingDirectory = request.workingDirectory ?? process.cwd();
  const reader = new DocumentReader(workingDirectory);
  const name = await reader.readRoot(request.reference);
  return resolveProfile({
    name,
    documents: reader.documents,
    targets: request.targets ?? [],
    set: await parseOverrides(request.set ?? []),
    provisionersDirectory: PROVISIONERS_DIRECTORY,
    workingDirectory,
  });
}

/** The library that reads YAML is loaded only for what is written in it. */
async function parseOverrides(options: readonly string[]): Promise<Override[]> {
  if (options.length === 0) return [];
  const { parseOverride } = await import('../profiles/parse-override.ts');
  return options.map(parseOverride);
}

/** Follows `extends` depth first; a document that is reached twice counts where it was reached first. */
class DocumentReader {
  readonly documents: LoadedDocument[] = [];
  readonly #workingDirectory: string;
  readonly #seen = new Set<string>();

  constructor(workingDirectory: string) {
    this.#workingDirectory = workingDirectory;
  }

  /** Reads the profile that a person named, and returns its name unless it says otherwise. */
  async readRoot(text: string): Promise<string> {
    const reference = parseProfileReference(text);
    if (reference.kind === 'unknown') throw unknownProfile(reference.message);
    if (reference.kind === 'malformed') throw unknownProfile(`a profile ${reference.message}`);
    if (reference.kind === 'fragment') {
      throw unknownProfile(
        `${reference.name} is a part of profiles, not a profile; extend it in a profile file`,
      );
    }
    const fault = await this.#read(text, this.#workingDirectory, []);
    if (fault !== undefined) throw unknownProfile(`profile ${JSON.stringify(text)}: ${fault}`);
    return reference.kind === 'file' ? basename(reference.path).replace(/\.[^.]+$/, '') : reference.name;
  }

  /** Reads one document after those it extends; returns why that is impossible. */
  async #read(text: string, directory: string, chain: readonly string[]): Promise<string | undefined> {
    const reference = parseProfileReference(text);
    if (reference.kind === 'unknown' || reference.kind === 'malformed') return reference.message;
    if (reference.kind === 'file') return this.#readFile(resolve(directory, reference.path), chain);
    if (this.#seen.has(reference.name)) return undefined;
    this.#seen.add(reference.name);
    const { kind, name } = reference;
    const known: Readonly<Record<string, ProfileDocument>> =
      kind === 'fragment' ? FRAGMENTS : BUILT_IN_PROFILES;
    const document = known[name];
    const faults = await this.#readExtended(document, PROVISIONERS_DIRECTORY, [...chain, name]);
    this.documents.push({
      origin: `built-in ${name}`,
      directory: PROVISIONERS_DIRECTORY,
      document,
      faults,
      builtIn: true,
      ...(kind === 'fragment' ? { fragment: name } : {}),
    });
    return undefined;
  }

  async #readFile(file: string, chain: readonly string[]): Promise<string | undefined> {
    if (chain.includes(file)) {
      const names = [...chain.slice(chain.indexOf(file)), file].map((member) => this.#shown(member));
      return `profiles extend each other in a circle: ${names.join(' → ')}`;
    }
    if (this.#seen.has(file)) return undefined;
    this.#seen.add(file);
    const text = await readText(file);
    if ('problem' in text) return text.problem;
    const { parseDocumentText } = await import('../profiles/parse-document-text.ts');
    const parsed = parseDocumentText(text.text);
    const directory = dirname(file);
    const extending = await this.#readExtended(parsed.value, directory, [...chain, file]);
    this.documents.push({
      origin: this.#shown(file),
      directory,
      document: parsed.value,
      faults: [...parsed.faults, ...extending],
    });
    return undefined;
  }

  async #readExtended(document: unknown, directory: string, chain: readonly string[]): Promise<Fault[]> {
    const value = isMapping(document) ? document['extends'] : undefined;
    const references: unknown[] = Array.isArray(value) ? value : [value];
    const faults: Fault[] = [];
    for (const [index, reference] of references.entries()) {
      const message = typeof reference === 'string' && (await this.#read(reference, directory, chain));
      const path = Array.isArray(value) ? `.extends[${index}]` : '.extends';
      if (typeof message === 'string') faults.push({ path, message });
    }
    return faults;
  }

  /** Relative where that is shorter to read. */
  #shown(file: string): string {
    const path = relative(this.#workingDirectory, file);
    return path.startsWith('..') ? file : path;
  }
}

function unknownProfile(message: string): Failure {
  return new Failure('profile', 'E_PROFILE_UNKNOWN', message, { hint: knownProfilesHint() });
}

async function readText(file: string): Promise<{ text: string } | { problem: string }> {
  try {
    // a decoder that replaced broken bytes would carry the text changed
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file)) };
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return { problem: `there is no file ${file}` };
    if (isSystemError(error, 'ERR_ENCODING_INVALID_ENCODED_DATA'))
      return { problem: `${file} is not UTF-8 text` };
    if (isSystemError(error, 'EACCES', 'EISDIR', 'EPERM', 'ELOOP', 'ENAMETOOLONG')) {
      return { problem: `${file} cannot be read (${error.code})` };
    }
    throw error;
  }
}

/**
 * SHA-256 of every file that a profile names, by absolute path. Raises `E_PROFILE_INVALID` when files are missing
 * or unreadable, or a signing key is not the one that was pinned.
 *
 * @param subject what a person calls the profile
 */
export async function digestProfileFiles(profile: Profile, subject: string): Promise<FileDigests> {
  const digests = new Map<string, string>();
  const faults: Fault[] = [];
  for (const reference of referencedFiles(profile)) {
    const fault = await digestInto(digests, reference);
    if (fault) faults.push(fault);
  }
  faults.push(...checkPinnedKeys(profile, digests));
  if (faults.length > 0) throw new InvalidDocument(subject, faults);
  return digests;
}

async function digestInto(
  digests: Map<string, string>,
  { path, file }: FileReference,
): Promise<Fault | undefined> {
  if (digests.has(file)) return undefined;
  const found = `found ${JSON.stringify(file)}`;
  try {
    const digest = await digestOfFile(file);
    if (digest === undefined) return { path, message: `is not a file; ${found}` };
    digests.set(file, digest);
    return undefined;
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR'))
      return { path, message: `there is no such file; ${found}` };
    if (isSystemError(error, 'EACCES', 'EPERM', 'ELOOP', 'ENAMETOOLONG')) {
      return { path, message: `cannot be read (${error.code}); ${found}` };
    }
    throw error;
  }
}

/** SHA-256 of a regular file; undefined for anything else, which could be endless. */
async function digestOfFile(file: string): Promise<string | undefined> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await handle.stat()).isFile()) return undefined;
    const hash = createHash('sha256');
    await pipeline(handle.createReadStream({ autoClose: false }), hash);
    return hash.digest('hex');
  } finally {
    await handle.close();
  }
}

function checkPinnedKeys(profile: Profile, digests: FileDigests): Fault[] {
  return profile.os.aptSources.flatMap(({ key }, index) => {
    const found =
      key.text === undefined
        ? digests.get(key.file ?? '')
        : createHash('sha256').update(key.text).digest('hex');
    if (found === undefined || found === key.sha256) return [];
    return [
      {
        path: `.os.aptSources[${index}].key.sha256`,
        message: `is not the digest of the key; found ${found}`,
      },
    ];
  });
}
