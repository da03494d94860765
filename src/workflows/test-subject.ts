import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { MANIFEST_FILE } from '../catalogue/paths.ts';
import { Failure } from '../errors/failure.ts';
import { readTextIfExists } from '../host/files.ts';
import { parseReleaseManifest, type ReleaseManifest } from '../manifests/release.ts';
import { isLineName } from '../manifests/safe-names.ts';
import { parsePackageList } from '../packages/package-list.ts';
import type { TargetName } from '../profiles/profile.ts';
import { promiseOfRelease, UNKNOWN_GUEST, type ImagePromise } from './guest-promises.ts';
import { locateRelease } from './locate-release.ts';
import type { ArtifactFile } from './tested-artifact.ts';

/** An artifact of a release, or an image file of which nothing else is known. */
export interface SubjectArtifact extends ArtifactFile {
  /** SHA-256 that the release records. */
  readonly sha256?: string;
}

/** What is to be tested or run. */
export interface TestSubject {
  /** How people call it: `server 26.11.21-1.1`, or the file's name. */
  readonly name: string;
  /** The line, for a release. */
  readonly line?: string;
  readonly artifacts: readonly SubjectArtifact[];
  readonly promise: ImagePromise;
}

/**
 * Finds what a person named: a file, a release's directory, `LINE` (its latest release) or `LINE@VERSION`, where VERSION may
 * also be a channel or a range. A file that lies in its release's directory is taken as that artifact. Raises `E_NOT_FOUND`
 * (usage) with what there is instead, `E_RELEASE_WITHDRAWN` (conflict), and what finding a release raises.
 */
export async function findTestSubject(text: string, catalogue: string): Promise<TestSubject> {
  const status = await stat(text).catch(() => undefined);
  if (status?.isFile() === true) return subjectOfFile(resolve(text));
  if (status?.isDirectory() === true) return subjectOfDirectory(resolve(text));
  return subjectOfDirectory(await findRelease(text, resolve(catalogue)));
}

async function subjectOfFile(path: string): Promise<TestSubject> {
  const real = await realpath(path);
  const text = await readTextIfExists(join(dirname(real), MANIFEST_FILE));
  if (text !== undefined) {
    const subject = await subjectOfDirectory(dirname(real));
    const artifacts = subject.artifacts.filter((artifact) => basename(artifact.path) === basename(real));
    if (artifacts.length > 0) return { ...subject, name: basename(real), artifacts };
  }
  return {
    name: basename(path),
    artifacts: [{ path: real, target: 'kvm' }],
    promise: { guest: UNKNOWN_GUEST, checks: [] },
  };
}

async function subjectOfDirectory(directory: string): Promise<TestSubject> {
  const path = join(directory, MANIFEST_FILE);
  const text = await readTextIfExists(path);
  if (text === undefined) throw notFound(`${directory} holds no ${MANIFEST_FILE}`);
  const manifest = parseReleaseManifest(text, path);
  const packages = await readTextIfExists(join(directory, 'packages.txt'));
  return {
    name: `${manifest.line} ${manifest.version.long}`,
    line: manifest.line,
    artifacts: manifest.artifacts.map(({ file, target, sha256 }) => ({
      path: join(directory, file),
      target: knownTarget(target),
      sha256,
    })),
    promise: promiseOfRelease(manifest, packages === undefined ? [] : parsePackageList(packages)),
  };
}

const TARGETS: readonly TargetName[] = ['kvm', 'xenserver', 'vmware', 'hyperv'];

function knownTarget(target: ReleaseManifest['artifacts'][number]['target']): TargetName {
  return TARGETS.find((name) => name === target) ?? 'kvm';
}

/** Finds the directory of a release by the rules of the catalogue. */
async function findRelease(text: string, catalogue: string): Promise<string> {
  const [line = ''] = text.split('@');
  if (!isLineName(line)) throw notFound(`there is no file ${JSON.stringify(text)}`);
  const { directory, release, long } = await locateRelease(catalogue, text).catch((error: unknown) => {
    throw error instanceof Failure && error.code === 'E_LINE_UNKNOWN'
      ? notFound(`there is neither a file nor a line ${JSON.stringify(text)}`, error.hint)
      : error;
  });
  if (release.withdrawn === undefined) return directory;
  const { at, reason } = release.withdrawn;
  throw new Failure('conflict', 'E_RELEASE_WITHDRAWN', `${line} ${long} is gone since ${at}: ${reason}`, {
    hint: `mintmark releases ${line} lists what is there`,
  });
}

function notFound(
  message: string,
  hint = 'name a file, LINE, LINE@VERSION, or the directory of a release',
): Failure {
  return new Failure('usage', 'E_NOT_FOUND', message, { hint });
}
