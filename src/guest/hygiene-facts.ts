import type { PackageDatabase } from '../packages/package-database.ts';
import type { GuestFile } from './guest-file.ts';

/** A finished disk as the rules of hygiene see it. */
export interface HygieneFacts {
  readonly files: readonly GuestFile[];
  /** Content by path of small files; see `isKeptText`. */
  readonly texts: ReadonlyMap<string, string>;
  readonly packages: PackageDatabase;
  /** Paths that the profile says go into the guest: its files, uploads and release files. */
  readonly placed: ReadonlySet<string>;
  /** What the profile says is meant to be so: paths with everything below them; `*` stands for part of a name. */
  readonly expected: readonly string[];
  /** When finish was over, in milliseconds since the epoch; absent where nobody recorded it. */
  readonly finishedAtMs?: number | undefined;
}

/** One rule that every finished disk keeps. */
export interface HygieneRule {
  /** Stable, in kebab-case. */
  readonly name: string;
  /** The promise, for people. */
  readonly title: string;
  /** What should be there, in a few words. */
  readonly expected: string;
  /** What breaks the rule, each in one line that begins with a path; never with a secret in it. */
  readonly find: (facts: HygieneFacts) => readonly string[];
  /** Why the rule cannot be applied to a disk, or undefined. */
  readonly skipped?: (facts: HygieneFacts) => string | undefined;
}

/** Whether the profile placed a file or said that it is meant to be so. */
export function isOurs(
  { placed, expected }: Pick<HygieneFacts, 'placed' | 'expected'>,
  path: string,
): boolean {
  return placed.has(path) || expected.some((pattern) => matchesPath(pattern, path));
}

/** Whether a pattern names a path or a directory above it; `*` stands for any part of one name. */
export function matchesPath(pattern: string, path: string): boolean {
  return patternOf(pattern).test(path);
}

const PATTERNS = new Map<string, RegExp>();

function patternOf(pattern: string): RegExp {
  const known = PATTERNS.get(pattern);
  if (known) return known;
  const source = pattern
    .replace(/\/+$/, '')
    .replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '[^/]*');
  const made = new RegExp(`^${source}(?:/|$)`);
  PATTERNS.set(pattern, made);
  return made;
}

/** Files at places that nobody declared, in words: path and size. */
export function filesAt(
  facts: HygieneFacts,
  place: RegExp,
  isFault: (file: GuestFile) => boolean = ({ type }) => type !== 'directory',
): string[] {
  return facts.files
    .filter((file) => place.test(file.path) && isFault(file) && !isOurs(facts, file.path))
    .map(({ path, type, size }) => (type === 'file' ? `${path}: ${size} bytes` : `${path}: a ${type}`));
}

/** Whether a file has content. */
export function hasContent({ type, size }: GuestFile): boolean {
  return type === 'file' && size > 0;
}

/** An account of `/etc/passwd`. */
export interface Account {
  readonly name: string;
  readonly password: string;
  readonly uid: number;
  readonly home: string;
  readonly shell: string;
}

/** Accounts of the guest. */
export function accountsOf({ texts }: Pick<HygieneFacts, 'texts'>): Account[] {
  return linesOf(texts.get('/etc/passwd')).map((line) => {
    const [name = '', password = '', uid = '', , , home = '', shell = ''] = line.split(':');
    return { name, password, uid: Number(uid), home, shell };
  });
}

/** Lines with something in them. */
export function linesOf(text = ''): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}
