import type { Dirent } from 'node:fs';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseContent, ReleaseEntry } from '../catalogue/check-release-files.ts';
import { findingsOf, type Finding } from '../catalogue/finding.ts';
import { MANIFEST_FILE, releaseDirectory } from '../catalogue/paths.ts';
import { isSystemError } from '../host/files.ts';
import { CHECKSUMS_FILE } from '../manifests/checksums.ts';
import { parseReleaseManifest, type ReleaseManifest } from '../manifests/release.ts';
import { isFileName } from '../manifests/safe-names.ts';
import { sha256Of } from '../values/digest.ts';

/** What a release's directory holds, and what of it could not be understood. */
export interface ReleaseReading {
  readonly content: ReleaseContent;
  readonly findings: readonly Finding[];
}

/** Reads the names, manifest and checksums of a release; the sizes of its artifacts; nothing else. */
export async function readReleaseContent(
  catalogue: string,
  line: string,
  long: string,
): Promise<ReleaseReading> {
  const path = releaseDirectory(line, long);
  const directory = join(catalogue, path);
  const [dirents, manifestText, sumsText] = await Promise.all([
    readdir(directory, { withFileTypes: true }),
    readPlainFile(join(directory, MANIFEST_FILE)),
    readPlainFile(join(directory, CHECKSUMS_FILE)),
  ]);
  const findings: Finding[] = [];
  const manifest =
    manifestText === undefined ? undefined : parseOrTell(manifestText, `${path}/${MANIFEST_FILE}`, findings);
  const checksums =
    sumsText === undefined ? undefined : readChecksums(sumsText, `${path}/${CHECKSUMS_FILE}`, findings);
  const artifacts = new Set(manifest?.artifacts.map(({ file }) => file));
  const entries = await Promise.all(dirents.map((dirent) => describe(directory, dirent, artifacts)));
  return {
    content: {
      line,
      long,
      entries,
      ...(manifest === undefined ? {} : { manifest }),
      ...(manifestText === undefined ? {} : { manifestSha256: sha256Of(manifestText) }),
      ...(checksums === undefined ? {} : { checksums }),
    },
    findings,
  };
}

/** A file of that name that is none, or leads elsewhere, is told by its kind. */
async function readPlainFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'EISDIR', 'ELOOP', 'ENOTDIR')) return undefined;
    throw error;
  }
}

function parseOrTell(text: string, path: string, findings: Finding[]): ReleaseManifest | undefined {
  try {
    return parseReleaseManifest(text, path);
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

async function describe(
  directory: string,
  dirent: Dirent,
  artifacts: ReadonlySet<string>,
): Promise<ReleaseEntry> {
  const { name } = dirent;
  if (dirent.isSymbolicLink()) return { name, kind: 'link' };
  if (dirent.isDirectory()) return { name, kind: 'directory' };
  if (!dirent.isFile()) return { name, kind: 'other' };
  if (!artifacts.has(name)) return { name, kind: 'file' };
  const { size } = await lstat(join(directory, name));
  return { name, kind: 'file', sizeBytes: size };
}
