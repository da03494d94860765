import { randomBytes } from 'node:crypto';
import { chmod, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MANIFEST_FILE, STAGING, requireLineName } from '../catalogue/paths.ts';
import { Failure } from '../errors/failure.ts';
import { renderFaults, type Fault } from '../errors/fault.ts';
import { sha256OfFile } from '../host/digest-file.ts';
import { readJsonObjectIfExists, writeFileAtomically } from '../host/files.ts';
import { checkAlive, parseProcessIdentity, readProcessIdentity } from '../host/process-identity.ts';
import { makeDirectory } from '../host/sure-files.ts';
import { CHECKSUMS_FILE, renderChecksums } from '../manifests/checksums.ts';
import { renderReleaseManifest, type ReleaseManifest } from '../manifests/release.ts';
import { isFileName } from '../manifests/safe-names.ts';
import { linkOrCopyFile, listNames, syncFiles } from './catalogue-files.ts';

/**
 * Makes a hidden directory in the catalogue in which a release is put together, so that one rename publishes it.
 * Artifacts may be written there directly.
 */
export async function createStaging(catalogue: string, line: string, long: string): Promise<string> {
  const directory = join(
    catalogue,
    STAGING,
    `${requireLineName(line)}_${long}-${randomBytes(4).toString('hex')}`,
  );
  // The owner is known before the directory is there: without it nobody could tell that it may be swept.
  await writeFileAtomically(ownerFile(directory), JSON.stringify(await readProcessIdentity()));
  try {
    await makeDirectory(directory);
    await chmod(directory, 0o755);
    return directory;
  } catch (error) {
    await removeStaging(directory);
    throw error;
  }
}

/** Removes a staging directory, also one that was published and left only its owner behind. */
export async function removeStaging(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await rm(ownerFile(directory), { force: true });
}

/** Removes the staging directories of processes that are dead; returns what was removed. */
export async function sweepStaging(catalogue: string): Promise<string[]> {
  const dead = await findDeadStaging(catalogue);
  for (const directory of dead) await removeStaging(directory);
  return dead;
}

/** What {@link sweepStaging} would remove. */
export async function findDeadStaging(catalogue: string): Promise<string[]> {
  const dead: string[] = [];
  for (const name of await listNames(join(catalogue, STAGING))) {
    if (!name.endsWith(OWNER_SUFFIX)) continue;
    const directory = join(catalogue, STAGING, name.slice(0, -OWNER_SUFFIX.length));
    const owner = parseProcessIdentity(await readJsonObjectIfExists(ownerFile(directory)));
    if (owner && (await checkAlive(owner)) === 'dead') dead.push(directory);
  }
  return dead;
}

/**
 * Completes a directory of artifacts and records into a release: linked or copied into the catalogue's staging if it is
 * elsewhere (so that a failed filing can be tried again), `release.json` and `SHA256SUMS` written, everything on disk. Returns the staging directory.
 * @throws Failure `E_RELEASE_INCOMPLETE` when it does not hold what the manifest says
 */
export async function stageRelease(
  catalogue: string,
  directory: string,
  manifest: ReleaseManifest,
): Promise<string> {
  await requireComplete(directory, manifest);
  const staging = await bringIntoStaging(catalogue, directory, manifest);
  await writeFileAtomically(join(staging, MANIFEST_FILE), renderReleaseManifest(manifest));
  await writeFileAtomically(join(staging, CHECKSUMS_FILE), await checksumsOf(staging, manifest));
  // Tools that make their files by mkstemp leave them to their owner; web servers run as somebody else.
  for (const name of await listNames(staging)) await chmod(join(staging, name), 0o644);
  await syncFiles(staging);
  return staging;
}

const OWNER_SUFFIX = '.owner.json';

function ownerFile(directory: string): string {
  return `${directory}${OWNER_SUFFIX}`;
}

async function bringIntoStaging(
  catalogue: string,
  directory: string,
  manifest: ReleaseManifest,
): Promise<string> {
  if (dirname(directory) === join(catalogue, STAGING)) return directory;
  const staging = await createStaging(catalogue, manifest.line, manifest.version.long);
  const digests = new Map(manifest.artifacts.map(({ file, sha256 }) => [file, sha256]));
  try {
    for (const name of await listNames(directory)) {
      const done = await linkOrCopyFile(join(directory, name), join(staging, name));
      const sha256 = digests.get(name);
      if (done === 'copied' && sha256 !== undefined) await requireDigest(join(staging, name), sha256);
    }
  } catch (error) {
    await removeStaging(staging);
    throw error;
  }
  return staging;
}

/** A copy on another file system has new bytes, which nobody has looked at yet. */
async function requireDigest(path: string, sha256: string): Promise<void> {
  const found = await sha256OfFile(path);
  if (found === sha256) return;
  const message = `${path} was copied with SHA-256 ${found} where ${sha256} belongs`;
  throw new Failure('host', 'E_COPY_DAMAGED', message, { hint: 'look at the file system of the catalogue' });
}

/** The artifacts' digests were taken when they were made; only the records are read again. */
async function checksumsOf(staging: string, manifest: ReleaseManifest): Promise<string> {
  const known = new Map(manifest.artifacts.map(({ file, sha256 }) => [file, sha256]));
  const files = (await listNames(staging)).filter((name) => name !== CHECKSUMS_FILE);
  const checksums = [];
  for (const file of files) {
    checksums.push({ file, sha256: known.get(file) ?? (await sha256OfFile(join(staging, file))) });
  }
  return renderChecksums(checksums);
}

async function requireComplete(directory: string, manifest: ReleaseManifest): Promise<void> {
  const faults: Fault[] = [];
  const names = await listNames(directory);
  for (const name of names) {
    if (!isFileName(name)) faults.push({ path: name, message: 'has a name that a release cannot have' });
    else if (!(await stat(join(directory, name))).isFile())
      faults.push({ path: name, message: 'is no plain file' });
  }
  for (const { file, sizeBytes } of manifest.artifacts) {
    const found = names.includes(file) ? (await stat(join(directory, file))).size : undefined;
    if (found === undefined)
      faults.push({ path: file, message: 'is in the manifest and not in the directory' });
    else if (found !== sizeBytes)
      faults.push({ path: file, message: `must have ${sizeBytes} bytes; found ${found}` });
  }
  if (faults.length === 0) return;
  throw new Failure('conflict', 'E_RELEASE_INCOMPLETE', `${directory} does not hold what the manifest says`, {
    details: renderFaults(faults),
    hint: 'build again: something changed the files after they were made',
    evidence: { directory, faults },
  });
}
