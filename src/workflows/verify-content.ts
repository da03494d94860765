import { join } from 'node:path';
import type { ReleaseContent } from '../catalogue/check-release-files.ts';
import { checkEqual, type Finding } from '../catalogue/finding.ts';
import { releaseDirectory } from '../catalogue/paths.ts';
import { digestFile, sha256OfFile } from '../host/digest-file.ts';
import { isSystemError } from '../host/files.ts';
import type { ReleaseArtifact } from '../manifests/release.ts';

/** A file whose bytes are to be read, and what they must come to. */
export interface RecordedFile {
  /** Relative to the catalogue. */
  readonly path: string;
  readonly sha256: string;
  /** What the manifest says more of it; absent for records. */
  readonly artifact?: ReleaseArtifact;
}

/** The files of a release that its `SHA256SUMS` speaks of and that are plain files there. */
export function recordedFilesOf({
  line,
  long,
  entries,
  checksums,
  manifest,
}: ReleaseContent): RecordedFile[] {
  const artifacts = new Map(manifest?.artifacts.map((artifact) => [artifact.file, artifact]));
  const plain = entries.filter(({ kind }) => kind === 'file');
  return plain.flatMap(({ name }) => {
    const sha256 = checksums?.get(name);
    if (sha256 === undefined) return [];
    const artifact = artifacts.get(name);
    const path = `${releaseDirectory(line, long)}/${name}`;
    return [{ path, sha256, ...(artifact === undefined ? {} : { artifact }) }];
  });
}

/** Reads a file once, whatever its size, and compares all its digests. One that went away meanwhile is told as gone. */
export async function verifyContent(
  catalogue: string,
  { path, sha256, artifact }: RecordedFile,
  signal: AbortSignal,
): Promise<Finding[]> {
  try {
    if (artifact === undefined) {
      const found = await sha256OfFile(join(catalogue, path), signal);
      return checkEqual({ path }, 'is not as recorded: SHA-256', { expected: sha256, found });
    }
    const found = await digestFile(join(catalogue, path), signal);
    const main = checkEqual({ path }, 'is not as recorded: SHA-256', {
      expected: sha256,
      found: found.sha256,
    });
    if (main.length > 0) return main;
    return [
      ...checkEqual({ path }, 'is not as recorded: SHA-512', {
        expected: artifact.sha512,
        found: found.sha512,
      }),
      ...checkEqual({ path }, 'is not as recorded: MD5', { expected: artifact.md5, found: found.md5 }),
    ];
  } catch (error) {
    if (!isSystemError(error, 'ENOENT', 'EIO', 'EACCES')) throw error;
    return [{ path, fault: `cannot be read: ${error.code}` }];
  }
}
