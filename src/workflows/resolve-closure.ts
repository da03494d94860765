import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { aptRootPaths, renderAptConfig, type AptSetting } from '../bases/apt-config.ts';
import {
  chooseMirrors,
  planExtraSources,
  planSources,
  renderSourcesList,
  type Mirrors,
  type PackageSource,
} from '../bases/apt-sources.ts';
import { basePackages } from '../bases/bootstrap-job.ts';
import { parsePrintedUris, renderClosureIndex, type ClosurePackage } from '../bases/closure.ts';
import { Failure } from '../errors/failure.ts';
import { readTextIfExists, writeFileAtomically } from '../host/files.ts';
import { withFileLock } from '../host/file-lock.ts';
import type { Profile } from '../profiles/profile.ts';
import { digestOfValue, sha256Of } from '../values/digest.ts';
import { parseSealedJson, renderSealedJson } from '../values/sealed-json.ts';
import type { WorkflowContext } from './build-request.ts';
import { checkCachePath, withCacheErrors } from './cache-errors.ts';
import { readHostApt } from './host-apt.ts';
import { runApt } from './run-apt.ts';
import { updateIndices } from './update-indices.ts';

/** One signed index that a closure was resolved against. */
export interface MirrorState {
  readonly suite: string;
  readonly inReleaseSha256: string;
  /** `Date` of the index, ISO 8601. */
  readonly date: string;
}

/** Everything that goes into a base disk, resolved to the byte. */
export interface Closure {
  readonly packages: readonly ClosurePackage[];
  /** Statically linked busybox for the microvm initramfs; not installed. */
  readonly busybox: ClosurePackage;
  /** `Packages` text of the flat repository made of these. */
  readonly index: string;
  readonly mirrors: readonly MirrorState[];
}

/** Where packages come from in one build. */
export interface MirrorChoice {
  /** `--mirror`. */
  readonly mirror?: string | undefined;
  readonly offline: boolean;
  /** Keys of the profile's extra sources, by source name. */
  readonly sourceKeys: Readonly<Record<string, string>>;
}

/** A resolved closure with what is needed to download it. */
export interface ResolvedClosure extends Closure {
  readonly aptConfig: string;
  readonly sources: readonly PackageSource[];
  readonly chosenMirrors: Mirrors;
}

/** Longest time for a question that needs no network, in milliseconds. */
const RESOLVER_DEADLINE_MS = 180_000;

/**
 * Asks apt, in a root of its own, which packages a profile comes to.
 * Equal index digests answer from the cache without asking the resolver again.
 *
 * Raises `E_MIRROR_…` and `E_OFFLINE_EMPTY` (exit 4) when nobody can tell, `E_PACKAGE…` (exit 3) when the profile
 * asks for the impossible, and `E_CACHE_…` (exit 4).
 */
export async function resolveClosure(
  profile: Profile,
  choice: MirrorChoice,
  context: WorkflowContext,
): Promise<ResolvedClosure> {
  checkCachePath(context.directories.cache);
  const host = await readHostApt(context);
  const mirrors = chooseMirrors(choice.mirror ?? profile.os.mirror, host.mirrors);
  if (!mirrors) throw noMirror();
  const identity = { mirrors, os: profile.os, recommends: profile.packages.recommends };
  const directory = join(context.directories.cache, 'apt', digestOfValue(identity).slice(0, 16));
  const paths = aptRootPaths(directory);
  const sources = [
    ...planSources(profile.os, mirrors),
    ...planExtraSources(profile.os.aptSources, paths.keys),
  ];
  const resolve = async (): Promise<ResolvedClosure> => {
    await writeAptRoot(directory, profile, sources, host.settings, choice.sourceKeys);
    if (!choice.offline) await updateIndices(directory, context);
    const states = await readMirrorStates(paths.lists);
    if (states.length < sources.length && choice.offline) throw nothingCached();
    const closure = await closureFor(profile, directory, states, context);
    return { ...closure, aptConfig: paths.config, sources, chosenMirrors: mirrors };
  };
  const lock = { path: join(directory, 'lock'), signal: context.signal };
  return withCacheErrors(context.directories.cache, () => withFileLock(lock.path, lock, resolve));
}

async function closureFor(
  profile: Profile,
  directory: string,
  mirrors: readonly MirrorState[],
  context: WorkflowContext,
): Promise<Closure> {
  const question = {
    version: 1,
    include: basePackages(profile),
    exclude: profile.packages.exclude,
    indices: mirrors.map((state) => state.inReleaseSha256),
  };
  const path = join(directory, 'closures', `${digestOfValue(question)}.json`);
  const known = await readTextIfExists(path);
  const remembered = known === undefined ? undefined : parseSealedJson(known, isClosure);
  if (remembered) return remembered;
  const closure = await askResolver(profile, aptRootPaths(directory).config, mirrors, context);
  await writeFileAtomically(path, renderSealedJson(closure));
  return closure;
}

function isClosure(value: object): value is Closure {
  return 'packages' in value && 'busybox' in value && 'index' in value && 'mirrors' in value;
}

async function askResolver(
  profile: Profile,
  config: string,
  mirrors: readonly MirrorState[],
  context: WorkflowContext,
): Promise<Closure> {
  const wanted = ['?essential', '?priority(required)', ...basePackages(profile)];
  const unwanted = profile.packages.exclude.map((name) => `${name}-`);
  const ask = (words: readonly string[]): Promise<string> =>
    runApt({ config, words, deadlineMs: RESOLVER_DEADLINE_MS }, context);
  const [printed, busyboxPrinted] = await Promise.all([
    ask(['apt-get', 'install', '-y', '--print-uris', ...wanted, ...unwanted]),
    ask(['apt-get', 'download', '--print-uris', 'busybox-static']),
  ]);
  const packages = parsePrintedUris(printed);
  const [busybox] = parsePrintedUris(busyboxPrinted);
  if (!busybox) throw new Failure('host', 'E_CLOSURE_UNREADABLE', 'apt names no URI for busybox-static');
  const names = packages.map((entry) => `${entry.name}:${entry.architecture}=${entry.version}`);
  const shown = await ask(['apt-cache', 'show', '--no-all-versions', ...names.map(withoutAll)]);
  return { packages, busybox, index: renderClosureIndex(packages, shown), mirrors };
}

/** apt-cache knows packages for every architecture under the native one. */
function withoutAll(name: string): string {
  return name.replace(':all=', '=');
}

async function writeAptRoot(
  directory: string,
  profile: Profile,
  sources: readonly PackageSource[],
  settings: readonly AptSetting[],
  keys: Readonly<Record<string, string>>,
): Promise<void> {
  const paths = aptRootPaths(directory);
  const { architecture } = profile.os;
  await mkdir(join(paths.lists, 'partial'), { recursive: true });
  await mkdir(join(directory, 'cache', 'archives', 'partial'), { recursive: true });
  const files = {
    [paths.config]: renderAptConfig(
      { directory, architecture, recommends: profile.packages.recommends },
      settings,
    ),
    [paths.sources]: renderSourcesList(sources),
    [paths.status]: '',
    ...Object.fromEntries(
      Object.entries(keys).map(([name, text]) => [join(paths.keys, `${name}.asc`), text]),
    ),
  };
  for (const [path, text] of Object.entries(files)) {
    // Untouched when equal: apt takes a newer sources.list for a change of sources.
    if ((await readTextIfExists(path)) !== text) await writeFileAtomically(path, text);
  }
}

/** An index that is signed apart, as `Release` with `Release.gpg`, tells the state of a mirror just as well. */
async function readMirrorStates(lists: string): Promise<MirrorState[]> {
  const names = (await readdir(lists)).filter((name) => /_(?:In)?Release$/.test(name)).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(lists, name), 'utf8');
      const date = Date.parse(/^Date: (.*)$/m.exec(text)?.[1] ?? '');
      return {
        suite: /_dists_(.+)_(?:In)?Release$/.exec(name)?.[1] ?? name,
        inReleaseSha256: sha256Of(text),
        date: Number.isNaN(date) ? '' : new Date(date).toISOString(),
      };
    }),
  );
}

function noMirror(): Failure {
  return new Failure(
    'host',
    'E_MIRROR_UNKNOWN',
    'no Debian mirror is known: the apt configuration of this host names none',
    {
      hint: 'name one with --mirror URL or .os.mirror in the profile',
    },
  );
}

function nothingCached(): Failure {
  return new Failure(
    'host',
    'E_OFFLINE_EMPTY',
    'the cache has no package index for this profile, so --offline cannot build it',
    {
      hint: 'run once without --offline',
    },
  );
}
