import { renderByteSize } from '../values/byte-size.ts';
import type { FileChanges, PackageChanges, ReleaseDiff, SizePair } from './release-diff.ts';
import { newerSources, type SourceChange } from './source-changes.ts';

/** Sources, and CVEs of each, that are named in one line. */
const MAX_NAMED = 2;

/**
 * One line for people: `2 upgraded (openssl: CVE-2026-1234), 1 added, 3 MiB smaller`. What could not be compared is said to
 * be unknown.
 */
export function summarizeDiff({ packages, files, sizes, configuration, artifacts }: ReleaseDiff): string {
  const parts = packages.known ? packageParts(packages) : [];
  if (parts.length === 0 && files.known) parts.push(...fileParts(files));
  const size = sizes.known ? sizes.contentBytes : artifactSize(artifacts);
  if (size !== undefined && size.from !== size.to) parts.push(sizePart(size));
  const unknown = Object.entries({ packages, files, configuration }).flatMap(([name, { known }]) =>
    known ? [] : [name],
  );
  if (unknown.length > 0) parts.push(`unknown: ${unknown.join(', ')}`);
  return parts.length === 0 ? 'nothing changed' : parts.join(', ');
}

function packageParts(packages: PackageChanges): string[] {
  const fixes = fixesOf(newerSources(packages));
  const counts: readonly (readonly [number, string])[] = [
    [packages.upgraded.length, 'upgraded'],
    [packages.downgraded.length, 'downgraded'],
    [packages.added.length, 'added'],
    [packages.removed.length, 'removed'],
    [packages.changed.length, 'changed'],
  ];
  const parts = counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  const [first, ...rest] = parts;
  return first === undefined || fixes === '' ? parts : [`${first} (${fixes})`, ...rest];
}

/** The sources with security updates, with the CVEs that they name. */
function fixesOf(sources: readonly SourceChange[]): string {
  const named = sources
    .flatMap(({ source, changelog }) => (changelog === undefined ? [] : [{ source, ...changelog }]))
    .filter(({ security, cves }) => security || cves.length > 0)
    .toSorted((a, b) => Number(b.security) - Number(a.security))
    .map(({ source, cves }) => `${source}: ${renderCves(cves)}`);
  const more = named.length - MAX_NAMED;
  return [...named.slice(0, MAX_NAMED), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

function renderCves(cves: readonly string[]): string {
  if (cves.length === 0) return 'security';
  return cves.length > MAX_NAMED ? `${cves.length} CVEs` : cves.join(', ');
}

function fileParts({ added, removed, changed }: FileChanges): string[] {
  const counts: readonly (readonly [number, string])[] = [
    [changed.length, 'changed'],
    [added.length, 'added'],
    [removed.length, 'removed'],
  ];
  const [first, ...rest] = counts.filter(([count]) => count > 0);
  if (first === undefined) return [];
  const [count, word] = first;
  return [
    `${count} ${count === 1 ? 'file' : 'files'} ${word}`,
    ...rest.map(([other, what]) => `${other} ${what}`),
  ];
}

/** Where files are not known, the artifacts of the same kind say how the size changed. */
function artifactSize(artifacts: ReleaseDiff['artifacts']): SizePair | undefined {
  if (!artifacts.known) return undefined;
  const { from, to } = artifacts.list.find((each) => each.from && each.to) ?? {};
  return from && to ? { from: from.sizeBytes, to: to.sizeBytes } : undefined;
}

function sizePart({ from, to }: SizePair): string {
  return `${renderByteSize(Math.abs(to - from))} ${to < from ? 'smaller' : 'larger'}`;
}
