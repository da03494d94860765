import { Failure } from '../errors/failure.ts';
import { sha256Of } from '../values/digest.ts';
import type { InstalledPackage } from './dpkg-status.ts';

/**
 * `packages.txt`: one line per package, tab separated
 * `name version architecture source sourceVersion installedSizeKiB`, lines in code-unit order.
 *
 * Raises `E_PACKAGE_LIST_INVALID` when a value holds a tab or a line end (dpkg allows neither).
 */
export function renderPackageList(packages: Iterable<InstalledPackage>): string {
  const lines = Array.from(packages, renderLine);
  lines.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return lines.map((line) => `${line}\n`).join('');
}

/** Reads what {@link renderPackageList} wrote. Raises `E_PACKAGE_LIST_INVALID` with the line's number. */
export function parsePackageList(text: string, subject = 'packages.txt'): InstalledPackage[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line, index) => {
    const [name, version, architecture, source, sourceVersion, size, ...rest] = line.split('\t');
    if (!name || !version || !architecture || !source || !sourceVersion || !size || rest.length > 0) {
      throw invalid(`${subject}: line ${index + 1} does not have six tab separated fields`);
    }
    if (!/^\d+$/.test(size))
      throw invalid(`${subject}: line ${index + 1} has the size ${JSON.stringify(size)}`);
    return { name, version, architecture, source, sourceVersion, installedSizeKiB: Number(size) };
  });
}

/** SHA-256 of {@link renderPackageList}: equal digests mean the same packages in the same versions. */
export function packagesDigest(packages: Iterable<InstalledPackage>): string {
  return sha256Of(renderPackageList(packages));
}

function renderLine(entry: InstalledPackage): string {
  const fields = [
    entry.name,
    entry.version,
    entry.architecture,
    entry.source,
    entry.sourceVersion,
    String(entry.installedSizeKiB),
  ];
  if (fields.some((field) => field === '' || /[\t\r\n]/.test(field))) {
    throw invalid(
      `package ${JSON.stringify(entry.name)} has a field that is empty or holds a tab or line end`,
    );
  }
  return fields.join('\t');
}

function invalid(message: string): Failure {
  return new Failure('image-test', 'E_PACKAGE_LIST_INVALID', message);
}
