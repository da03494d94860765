import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { evidencePath } from '../catalogue/paths.ts';
import { Failure } from '../errors/failure.ts';
import { isSystemError, readTextIfExists, writeFileAtomically } from '../host/files.ts';
import { CHECKSUMS_FILE, parseChecksums } from '../manifests/checksums.ts';
import type { ReleaseManifest } from '../manifests/release.ts';
import { parseTestResult, type TestResult } from '../manifests/test-result.ts';
import { sha256Of } from '../values/digest.ts';

/** Name of the record of a build's own tests. */
export const TEST_RESULT_FILE = 'test-result.json';

/** A record that says that the bytes of a release passed their tests. */
export interface TestEvidence {
  /** Relative to the catalogue. */
  readonly file: string;
  readonly sha256: string;
}

/** A release whose evidence is looked for. */
export interface TestedRelease {
  readonly catalogue: string;
  readonly line: string;
  /** Directory of the release. */
  readonly directory: string;
  readonly manifest: ReleaseManifest;
  /** A result of `mintmark test` that was made after the release was filed; else the one filed with it. */
  readonly testResult?: string;
}

/**
 * Finds evidence that every artifact of a release passed its tests, by the digests of their bytes. A result from
 * elsewhere is kept in the catalogue beside the line's history.
 *
 * Raises (all of kind `conflict`, but for a file that is not there) `E_PROMOTE_UNTESTED` without a result,
 * `E_PROMOTE_FAILED` for one that did not pass, `E_PROMOTE_OTHER_BYTES` when it is about other bytes than these or was
 * changed since it was filed.
 */
export async function findTestEvidence(subject: TestedRelease): Promise<TestEvidence> {
  const { catalogue, line, directory, manifest, testResult } = subject;
  const own = `${directory}/${TEST_RESULT_FILE}`;
  const text =
    testResult === undefined ? await readOwnResult(directory, subject) : await readGiven(testResult);
  const result = parseTestResult(text, testResult ?? own);
  requirePassed(result, manifest);
  const sha256 = sha256Of(text);
  if (testResult === undefined)
    return { file: `releases/${line}/${manifest.version.long}/${TEST_RESULT_FILE}`, sha256 };
  const file = evidencePath(line, sha256);
  await writeFileAtomically(join(catalogue, file), text);
  return { file, sha256 };
}

/** The result that was filed with the release, unchanged since. */
async function readOwnResult(directory: string, { line, manifest }: TestedRelease): Promise<string> {
  const path = join(directory, TEST_RESULT_FILE);
  const text = await readTextIfExists(path);
  const { long } = manifest.version;
  const name = `${line} ${long}`;
  if (text === undefined) {
    throw new Failure('conflict', 'E_PROMOTE_UNTESTED', `${name} was filed without a test`, {
      hint: `mintmark test ${line}@${long} --out DIR, then promote with --test-result DIR/${TEST_RESULT_FILE}`,
    });
  }
  const sums = parseChecksums((await readTextIfExists(join(directory, CHECKSUMS_FILE))) ?? '');
  if (sums.get(TEST_RESULT_FILE) === sha256Of(text)) return text;
  throw new Failure('conflict', 'E_PROMOTE_OTHER_BYTES', `${path} is not what was filed`, {
    hint: 'mintmark verify tells what is damaged; restore it from a copy',
  });
}

async function readGiven(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (!isSystemError(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) throw error;
    throw new Failure('usage', 'E_NOT_FOUND', `there is no test result ${path}`, {
      hint: `mintmark test --out DIR writes ${TEST_RESULT_FILE} there`,
    });
  }
}

function requirePassed(
  { predicate, subject }: TestResult,
  { line, version, artifacts }: ReleaseManifest,
): void {
  const name = `${line} ${version.long}`;
  if (predicate.result !== 'PASSED') {
    throw new Failure('conflict', 'E_PROMOTE_FAILED', `${name} did not pass its tests: ${predicate.result}`, {
      hint: 'build again, and promote what passes',
      details: predicate.failedTests.slice(0, SHOWN),
    });
  }
  const tested = new Set(subject.map(({ digest }) => digest.sha256));
  const untested = artifacts.filter(({ sha256 }) => !tested.has(sha256)).map(({ file }) => file);
  if (untested.length === 0) return;
  throw new Failure(
    'conflict',
    'E_PROMOTE_OTHER_BYTES',
    `${name} has artifacts that this result is not about`,
    {
      hint: 'test every artifact of the release',
      details: untested,
    },
  );
}

const SHOWN = 20;
