import type { InstalledPackage } from './dpkg-status.ts';

/** The distribution that a package was built for, as os-release names it. */
export interface PackageDistribution {
  /** ID of os-release, which is also the vendor in the address: `debian`. */
  readonly id: string;
  /** VERSION_ID of os-release, `12`; empty when it has none. */
  readonly version: string;
}

/**
 * The address of an installed package in the universal scheme for packages (purl), by which vulnerability scanners find
 * it: `pkg:deb/debian/libssl3@3.0.17-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl`.
 *
 * Scanners look Debian's vulnerabilities up by source package, so `upstream` names it where it is not the binary's own,
 * with `@version` where that differs, too (`+b1` of a rebuild). The encoding is that of purl-spec: everything but
 * letters, digits, `.`, `-`, `_`, `~` and `:` stands as `%XX`, a `+` too; qualifiers are sorted.
 */
export function debianPackageUrl(entry: InstalledPackage, { id, version }: PackageDistribution): string {
  const qualifiers = [
    ['arch', entry.architecture],
    ...(version === '' ? [] : [['distro', `${id}-${version}`]]),
    ...(isOwnSource(entry) ? [] : [['upstream', upstreamOf(entry)]]),
  ];
  const query = qualifiers.map(([name, value = '']) => `${name}=${encode(value)}`).join('&');
  return `pkg:deb/${encode(id.toLowerCase())}/${encode(entry.name)}@${encode(entry.version)}?${query}`;
}

/** Whether a package is built from a source of its own name and version. */
export function isOwnSource({ name, version, source, sourceVersion }: InstalledPackage): boolean {
  return source === name && sourceVersion === version;
}

function upstreamOf({ version, source, sourceVersion }: InstalledPackage): string {
  return sourceVersion === version ? source : `${source}@${sourceVersion}`;
}

/** `encodeURIComponent` leaves some marks as they are that purl-spec encodes, and encodes the colon, which that does not. */
function encode(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':');
}
