import type { AptSource, OperatingSystem } from '../profiles/profile.ts';

/** One package source, in the terms of sources.list(5). */
export interface PackageSource {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  /** Path of the keyring that must have signed it. */
  readonly signedBy: string;
}

/** Where Debian keeps the keys of its own archive, on hosts and in guests alike. */
export const DEBIAN_KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Mirrors by what they carry. */
export interface Mirrors {
  /** The main archive, such as `http://mirror.example/debian`. */
  readonly main: string;
  /** The security archive; absent when none is known, which deserves a warning. */
  readonly security?: string;
}

/** Format for `apt-get indextargets --format` whose output {@link parseHostMirrors} reads. */
export const HOST_MIRRORS_FORMAT = '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)';

/**
 * Reads the host's own package sources: the mirror that the host itself uses. The origin is known only when the
 * host has indices; without it a mirror is known by its path, `/debian`, and its component, `main`, which vendors
 * of further packages do not use together. A host that is not Debian has no usable mirror.
 */
export function parseHostMirrors(text: string): Partial<Mirrors> {
  const mirrors: { main?: string; security?: string } = {};
  for (const line of text.split('\n')) {
    const [uri, release, component, origin = ''] = line.trim().split(' ');
    if (uri === undefined || release === undefined || component !== 'main') continue;
    if (origin !== '' && origin !== 'Debian') continue;
    const isDebian = origin === 'Debian' || /\/debian\/?$/.test(uri);
    if (/^[a-z]+-security$/.test(release)) mirrors.security ??= withoutSlash(uri);
    else if (/^[a-z]+$/.test(release) && isDebian) mirrors.main ??= withoutSlash(uri);
  }
  return mirrors;
}

/**
 * The mirrors of a build: one named on the command line or in the profile wins over the host's.
 * The security archive lies beside a mirror whose path ends in `/debian`, at `/debian-security`, as on Debian's own.
 */
export function chooseMirrors(named: string | undefined, host: Partial<Mirrors>): Mirrors | undefined {
  if (named === undefined) {
    return host.main === undefined
      ? undefined
      : { main: host.main, ...(host.security === undefined ? {} : { security: host.security }) };
  }
  const main = withoutSlash(named);
  return main.endsWith('/debian') ? { main, security: `${main}-security` } : { main };
}

/** Every source that packages of this system come from, the distribution's own first. */
export function planSources(
  os: Pick<OperatingSystem, 'suite' | 'components'>,
  mirrors: Mirrors,
): PackageSource[] {
  const source = (uri: string, suite: string): PackageSource => ({
    uri,
    suite,
    components: os.components,
    signedBy: DEBIAN_KEYRING,
  });
  const sources = [source(mirrors.main, os.suite), source(mirrors.main, `${os.suite}-updates`)];
  if (mirrors.security !== undefined) sources.push(source(mirrors.security, `${os.suite}-security`));
  return sources;
}

/** A profile's further sources; each key lies in `keyDirectory` under the source's name. */
export function planExtraSources(sources: readonly AptSource[], keyDirectory: string): PackageSource[] {
  return sources.flatMap((source) =>
    source.suites.map((suite) => ({
      uri: source.uri,
      suite,
      components: source.components,
      signedBy: `${keyDirectory}/${source.name}.asc`,
    })),
  );
}

/** Sources in the one-line format that every apt reads. */
export function renderSourcesList(sources: readonly PackageSource[]): string {
  return sources
    .map(
      (source) =>
        `deb [signed-by=${source.signedBy}] ${source.uri} ${source.suite} ${source.components.join(' ')}\n`,
    )
    .join('');
}

/** Sources in deb822 format, as a guest keeps them in `sources.list.d/*.sources`. */
export function renderGuestSources(sources: readonly PackageSource[]): string {
  return sources
    .map((source) =>
      [
        'Types: deb',
        `URIs: ${source.uri}`,
        `Suites: ${source.suite}`,
        ...(source.components.length === 0 ? [] : [`Components: ${source.components.join(' ')}`]),
        `Signed-By: ${source.signedBy}`,
        '',
      ].join('\n'),
    )
    .join('\n');
}

/** Whether a guest elsewhere could not reach this mirror: a loopback, private or link-local address, or a file. */
export function isPrivateMirror(uri: string): boolean {
  if (!URL.canParse(uri)) return true;
  const { hostname, protocol } = new URL(uri);
  if (!/^https?:$/.test(protocol)) return true;
  return (
    hostname === 'localhost' ||
    /^(0|127|10|169\.254|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(hostname) ||
    /^\[(::1|f[cd][0-9a-f]{2}:|fe80:)/i.test(hostname)
  );
}

function withoutSlash(uri: string): string {
  return uri.replace(/\/+$/, '');
}
