import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { latestLink, MANIFEST_FILE, releaseDirectory } from '../catalogue/paths.ts';
import { Failure } from '../errors/failure.ts';
import { readTextIfExists } from '../host/files.ts';
import { parseReleaseManifest, type ReleaseManifest } from '../manifests/release.ts';
import { isLineName } from '../manifests/safe-names.ts';
import { parsePackageList } from '../packages/package-list.ts';
import type { TargetName } from '../profiles/profile.ts';
import { compareRecords } from '../versions/compare-versions.ts';
import { renderInter, renderLong, renderShort } from '../versions/version.ts';
import { readLinkIfExists, withCatalogueErrors } from './catalogue-files.ts';
import { promiseOfRelease, UNKNOWN_GUEST, type ImagePromise } from './guest-promises.ts';
import { listReleaseVersions } from './read-line.ts';
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
 * Finds what a person named: a file, a release's directory, `LINE` (its latest release) or `LINE@VERSION`, where VERSION is
 * a LONG, or the INTER or SHORT whose newest release is meant. A file that lies in its release's directory is taken as
 * that artifact. Raises `E_NOT_FOUND` (usage) with what there is instead, and what reading a catalogue raises.
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

async function findRelease(text: string, catalogue: string): Promise<string> {
  const [line = '', version = 'latest', ...rest] = text.split('@');
  if (rest.length > 0 || !isLineName(line)) throw notFound(`there is no file ${JSON.stringify(text)}`);
  return withCatalogueErrors(catalogue, async () => {
    if (version === 'latest') {
      const latest = await readLinkIfExists(join(catalogue, latestLink(line)));
      if (latest !== undefined) return join(catalogue, dirname(latestLink(line)), latest);
    }
    const versions = (await listReleaseVersions(catalogue, line)).toSorted(compareRecords);
    const found = versions.findLast(
      (each) =>
        [renderLong, renderInter].some((render) => render(each) === version) ||
        renderShort(each.date) === version,
    );
    if (found !== undefined) return join(catalogue, releaseDirectory(line, renderLong(found)));
    throw await noSuchRelease(text, catalogue, versions.map(renderLong));
  });
}

async function noSuchRelease(text: string, catalogue: string, versions: readonly string[]): Promise<Failure> {
  const lines = await readdir(join(catalogue, 'releases')).catch((): string[] => []);
  const there = versions.length > 0 ? versions.slice(-5) : lines.filter(isLineName);
  const hint = there.length === 0 ? `nothing is filed in ${catalogue}` : `there is ${there.join(', ')}`;
  return notFound(`there is neither a file nor a release ${JSON.stringify(text)}`, hint);
}

function notFound(
  message: string,
  hint = 'name a file, LINE, LINE@VERSION, or the directory of a release',
): Failure {
  return new Failure('usage', 'E_NOT_FOUND', message, { hint });
}
