import { lstatSync, readdirSync, readFileSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import type { ReleaseContent, ReleaseEntry } from '../catalogue/check-release-files.ts';
import { findingsOf, type Finding } from '../catalogue/finding.ts';
import { MANIFEST_FILE, releaseDirectory } from '../catalogue/paths.ts';
import { isSystemError } from '../host/files.ts';
import { CHECKSUMS_FILE } from '../manifests/checksums.ts';
import { parseFiledManifest, parseReleaseManifest, type ReleaseManifest } from '../manifests/release.ts';
import { isFileName } from '../manifests/safe-names.ts';
import { sha256Of } from '../values/digest.ts';

/** What a release's directory holds, and what of it could not be understood. */
export interface ReleaseReading {
  readonly content: ReleaseContent;
  readonly findings: readonly Finding[];
}

/**
 * Reads the names, manifest and checksums of a release; the sizes of its artifacts; nothing else. All at one go: a promise
 * for each of a hundred thousand small files costs several times what reading them does.
 * @param recordedSha256 of the manifest as it was filed, if that is known
 */
export function readReleaseContent(
  catalogue: string,
  { line, long }: Pick<ReleaseContent, 'line' | 'long'>,
  recordedSha256: string | undefined,
): ReleaseReading {
  const path = releaseDirectory(line, long);
  const directory = join(catalogue, path);
  const dirents = readdirSync(directory, { withFileTypes: true });
  const manifestText = readPlainFile(join(directory, MANIFEST_FILE));
  const sumsText = readPlainFile(join(directory, CHECKSUMS_FILE));
  const manifestSha256 = manifestText === undefined ? undefined : sha256Of(manifestText);
  const findings: Finding[] = [];
  const isFiled = recordedSha256 !== undefined && manifestSha256 === recordedSha256;
  const manifest =
    manifestText === undefined
      ? undefined
      : parseOrTell(manifestText, `${path}/${MANIFEST_FILE}`, isFiled, findings);
  const checksums =
    sumsText === undefined ? undefined : readChecksums(sumsText, `${path}/${CHECKSUMS_FILE}`, findings);
  const artifacts = new Set(manifest?.artifacts.map(({ file }) => file));
  const entries = dirents.map((dirent) => describe(directory, dirent, artifacts));
  return {
    content: {
      line,
      long,
      entries,
      ...(manifest === undefined ? {} : { manifest }),
      ...(manifestSha256 === undefined ? {} : { manifestSha256 }),
      ...(checksums === undefined ? {} : { checksums }),
    },
    findings,
  };
}

/** A file of that name that is none, or leads elsewhere, is told by its kind. */
function readPlainFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'EISDIR', 'ELOOP', 'ENOTDIR')) return undefined;
    throw error;
  }
}

function parseOrTell(
  text: string,
  path: string,
  isFiled: boolean,
  findings: Finding[],
): ReleaseManifest | undefined {
  try {
    return isFiled ? parseFiledManifest(text, path) : parseReleaseManifest(text, path);
  } catch (error) {
    findings.push(...findingsOf(error, path));
    return undefined;
  }
}

/** A name stands there once, a digest in binary-mode spelling; anything else is told by its line. */
function readChecksums(text: string, path: string, findings: Finding[]): Map<string, string> {
  const checksums = new Map<string, string>();
  if (!text.endsWith('\n')) findings.push({ path, fault: 'ends in the middle of a line' });
  for (const [place, line] of text.split('\n').slice(0, -1).entries()) {
    const [, sha256 = '', file = ''] = /^([0-9a-f]{64}) [ *](.*)$/.exec(line) ?? [];
    const member = `line ${place + 1}`;
    if (!isFileName(file)) findings.push({ path, member, fault: 'is no checksum of a plain file name' });
    else if (checksums.has(file)) findings.push({ path, member, fault: `names ${file} again` });
    else checksums.set(file, sha256);
  }
  return checksums;
}

function describe(directory: string, dirent: Dirent, artifacts: ReadonlySet<string>): ReleaseEntry {
  const { name } = dirent;
  if (dirent.isSymbolicLink()) return { name, kind: 'link' };
  if (dirent.isDirectory()) return { name, kind: 'directory' };
  if (!dirent.isFile()) return { name, kind: 'other' };
  if (!artifacts.has(name)) return { name, kind: 'file' };
  const status = lstatSync(join(directory, name), { throwIfNoEntry: false });
  return { name, kind: 'file', sizeBytes: status?.size ?? 0 };
}
