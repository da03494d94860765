import { copyFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { failedDirectory } from '../catalogue/paths.ts';
import { isSystemError, writeFileAtomically } from '../host/files.ts';
import { isFileName } from '../manifests/safe-names.ts';
import { burn, type Reservation } from './allocate-version.ts';
import { exists, moveDirectory, syncFiles, withCatalogueErrors } from './catalogue-files.ts';
import { createStaging, removeStaging } from './stage-release.ts';

/** A piece of evidence: a file to copy, or text. */
export type Evidence =
  { readonly name: string; readonly source: string } | { readonly name: string; readonly text: string };

/** A build that failed. */
export interface FailedBuild {
  /** One line for people. */
  readonly reason: string;
  /** Stable code of the failure. */
  readonly code?: string;
  readonly now: Date;
  readonly evidence: readonly Evidence[];
}

/**
 * Burns a failed build's BUILD and keeps its evidence in `failed/<line>/<LONG>/`, with `failure.json` beside it.
 * A file that cannot be read is listed there instead: what went wrong first must not be hidden. Evidence of an
 * earlier try of the same version is replaced. Returns the directory; undefined, and
 * nothing written, when the version has been released before: that is no failed build.
 */
export async function fileFailure(
  reservation: Reservation,
  failure: FailedBuild,
): Promise<string | undefined> {
  const { line, long } = reservation;
  const catalogue = resolve(reservation.catalogue);
  const directory = join(catalogue, failedDirectory(line, long));
  if (!(await burn(reservation, failure.reason, failure.now))) return undefined;
  return withCatalogueErrors(catalogue, async () => {
    const staging = await createStaging(catalogue, line, long);
    const missing = await copyEvidence(staging, failure.evidence);
    await writeFileAtomically(join(staging, 'failure.json'), renderFailure(reservation, failure, missing));
    await syncFiles(staging);
    if (await exists(directory)) await rm(directory, { recursive: true });
    await moveDirectory(staging, directory);
    await removeStaging(staging);
    return directory;
  });
}

/** Returns what could not be copied, with the reason. */
async function copyEvidence(staging: string, evidence: readonly Evidence[]): Promise<Record<string, string>> {
  const missing: Record<string, string> = {};
  for (const piece of evidence) {
    const path = join(staging, requireFileName(piece.name));
    if ('text' in piece) {
      await writeFileAtomically(path, piece.text);
      continue;
    }
    try {
      await copyFile(piece.source, path);
    } catch (error) {
      if (!isSystemError(error, 'ENOENT', 'EACCES', 'EISDIR', 'ENOTDIR')) throw error;
      missing[piece.name] = error.message;
    }
  }
  return missing;
}

function renderFailure(
  { line, build, long }: Reservation,
  { reason, code, now }: FailedBuild,
  missing: Readonly<Record<string, string>>,
): string {
  const at = now.toISOString();
  const document = { schema: 1, line, version: long, build, at, reason, code, burnt: true, missing };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function requireFileName(name: string): string {
  if (!isFileName(name)) throw new RangeError(`${JSON.stringify(name)} is no plain file name`);
  return name;
}
