import { compareDebianVersions, parseDebianVersion } from './debian-version.ts';

/** One version in a Debian changelog; see deb-changelog(5). */
export interface ChangelogEntry {
  /** Source package. */
  readonly package: string;
  readonly version: string;
  /** Suites that it was uploaded to, in the changelog's words: `trixie-security`; several have blanks between them. */
  readonly distribution: string;
  /** In lower case; empty when the entry names none. */
  readonly urgency: string;
  /** As it is written, RFC 5322; empty when the entry's last line is missing or cannot be read. */
  readonly date: string;
  /** What was changed, without the first and the last line of the entry. */
  readonly text: string;
}

const HEADING =
  /^([A-Za-z0-9][A-Za-z0-9+.-]*)[ \t]+\(([^()\s]+)\)((?:[ \t]+[A-Za-z0-9.+~-]+)+)[ \t]*;([^\n]*)$/gm;
const TRAILER = /^ --(?:[ \t][^\n]*?>)?[ \t]*([^\n]*)$/m;

/**
 * Reads a changelog, entries in the order of the text. Never raises: what is no entry is left out, and so is what follows
 * an entry's last line before the next heading that can be read. Text that is no Debian changelog has no entries.
 */
export function parseChangelog(text: string): ChangelogEntry[] {
  const lines = text.replaceAll('\r\n', '\n');
  const headings = Array.from(lines.matchAll(HEADING)).filter(
    ([, , version]) => version !== undefined && parseDebianVersion(version) !== undefined,
  );
  return headings.map((heading, place) => {
    const [all, name = '', version = '', distribution = '', members = ''] = heading;
    const body = lines.slice(heading.index + all.length, headings[place + 1]?.index ?? lines.length);
    const trailer = TRAILER.exec(body);
    return {
      package: name,
      version,
      distribution: distribution.trim().split(/\s+/).join(' '),
      urgency: (/(?:^|[,\s])urgency=([^\s,]+)/i.exec(members)?.[1] ?? '').toLowerCase(),
      date: trailer?.[1]?.trim() ?? '',
      text: body.slice(0, trailer?.index).replace(/^\n+/, '').trimEnd(),
    };
  });
}

/**
 * The entries that are newer than a version and, if one is named, not newer than another. Order decides and not the place
 * in the text: old entries are cut off in installed changelogs, and branches that were merged stand between others.
 */
export function entriesSince(
  entries: readonly ChangelogEntry[],
  version: string,
  upTo?: string,
): ChangelogEntry[] {
  return entries.filter(
    (entry) =>
      compareDebianVersions(entry.version, version) > 0 &&
      (upTo === undefined || compareDebianVersions(entry.version, upTo) <= 0),
  );
}

/** The CVE names in a text, each once, the oldest first. */
export function cveNames(text: string): string[] {
  const names = new Set(
    Array.from(text.matchAll(/\bCVE-\d{4}-\d{4,19}\b/gi), ([name]) => name.toUpperCase()),
  );
  return Array.from(names).toSorted(compareDebianVersions);
}

/**
 * Whether an entry was uploaded to a security suite: `bookworm-security`, `stable-security`.
 *
 * Debian's security archive takes only uploads whose changelog names such a suite. That is why the changelog is asked, and
 * not apt which archive a file came from: it needs nothing to be recorded during the build, it holds for what
 * provisioners install as well, and it is not blind to a security update that has reached a point release since.
 */
export function isSecurityEntry({ distribution }: Pick<ChangelogEntry, 'distribution'>): boolean {
  return distribution.split(' ').some((suite) => suite.endsWith('-security'));
}
