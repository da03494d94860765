import { Failure } from '../errors/failure.ts';
import { fieldOf, parseDeb822, renderDeb822 } from '../packages/deb822.ts';

/** One package of a resolved closure; name, version and digest say all that decides the installed bytes. */
export interface ClosurePackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** SHA-256 of the .deb, from a signed index. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** File name as apt stores it: `name_version_arch.deb` with `:` as `%3a`. */
  readonly file: string;
}

const URI_LINE = /^'([^']*)' (\S+) (\d+) SHA256:([0-9a-f]{64})$/;

/**
 * Reads what `apt-get --print-uris` prints, in code-unit order of the file names.
 * Raises `E_CLOSURE_UNREADABLE` for a package without a SHA-256.
 */
export function parsePrintedUris(text: string): ClosurePackage[] {
  const packages = text
    .split('\n')
    .filter((line) => line.startsWith("'"))
    .map((line) => {
      const match = URI_LINE.exec(line.trim());
      const [name, version, architecture] = (match?.[2] ?? '').replace(/\.deb$/, '').split('_');
      if (!match || name === undefined || version === undefined || architecture === undefined) {
        throw new Failure(
          'host',
          'E_CLOSURE_UNREADABLE',
          `apt names a package without a SHA-256: ${line.trim()}`,
        );
      }
      return {
        name,
        version: unquote(version),
        architecture,
        sha256: match[4] ?? '',
        sizeBytes: Number(match[3]),
        file: match[2] ?? '',
      };
    });
  return packages.toSorted((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
}

/** Reads from what `apt-get --print-uris` prints where each file is, by its SHA-256. */
export function parsePackageUris(text: string): Map<string, string> {
  const matches = text.split('\n').map((line) => URI_LINE.exec(line.trim()));
  return new Map(matches.flatMap((match) => (match ? [[match[4] ?? '', match[1] ?? '']] : [])));
}

/** apt writes characters that mean something in file names, such as `:` and `_`, as `%` and two digits. */
function unquote(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** What a closure is told by, so that two equal closures have equal digests whatever mirror they came from. */
export function closureIdentity(packages: readonly ClosurePackage[]): string[] {
  return packages.map((entry) => `${entry.name} ${entry.version} ${entry.architecture} ${entry.sha256}`);
}

/**
 * The `Packages` index of a flat repository that holds exactly a closure, made from `apt-cache show` text.
 * Only the paragraphs whose SHA-256 belongs to the closure are kept, pointing at `pool/<file>`.
 * Raises `E_CLOSURE_UNREADABLE` when a package has no paragraph.
 */
export function renderClosureIndex(packages: readonly ClosurePackage[], shown: string): string {
  const byDigest = new Map(packages.map((entry) => [entry.sha256, entry]));
  const seen = new Set<string>();
  const paragraphs: [string, string][][] = [];
  for (const paragraph of parseDeb822(shown, 'apt-cache show')) {
    const entry = byDigest.get(fieldOf(paragraph, 'SHA256') ?? '');
    if (!entry || seen.has(entry.sha256)) continue;
    seen.add(entry.sha256);
    const fields = [...paragraph].filter(
      ([name]) => !/^(filename|md5sum|sha1|description-md5|status)$/i.test(name),
    );
    paragraphs.push([...fields, ['Filename', `./pool/${entry.file}`]]);
  }
  const lost = packages.find((entry) => !seen.has(entry.sha256));
  if (lost)
    throw new Failure('host', 'E_CLOSURE_UNREADABLE', `apt shows no record of ${lost.name} ${lost.version}`);
  return renderDeb822(paragraphs);
}

/** The `Release` file of that flat repository; apt matches suite names by it. */
export function renderClosureRelease(suite: string, architecture: string): string {
  return [
    'Origin: Debian',
    'Label: Debian',
    `Suite: ${suite}`,
    `Codename: ${suite}`,
    `Architectures: ${architecture} all`,
    'Components: main',
    '',
  ].join('\n');
}

/**
 * When the newest index behind a closure was made, in seconds since the epoch: the time stamp that a build's files
 * get, so that the same packages give the same bytes on any day.
 */
export function newestIndexSeconds({
  mirrors,
}: {
  readonly mirrors: readonly { readonly date: string }[];
}): number {
  return Math.floor(Math.max(0, ...mirrors.map(({ date }) => Date.parse(date) || 0)) / 1000);
}
