import { filesAt, hasContent, isOurs, type HygieneFacts, type HygieneRule } from './hygiene-facts.ts';
import { findProxySettings } from './proxy-settings.ts';

/** Rules about what a build leaves lying about. */
export const TRACE_RULES: readonly HygieneRule[] = [
  {
    name: 'logs',
    title: 'logs begin with the machine',
    expected: 'no log with content',
    find: (facts) =>
      filesAt(facts, /^\/var\/(?:log|crash|mail|spool\/mail|lib\/systemd\/coredump)\//, hasContent),
  },
  {
    name: 'histories',
    title: 'no history of shells and tools',
    expected: 'no history file and no cache in a home',
    find: (facts) =>
      filesAt(
        facts,
        /^(?:\/root|\/home\/[^/]+|\/var\/[^/]+\/[^/]+)?\/\.(?:[a-z_]*history|lesshst|viminfo|wget-hsts|sudo_as_admin_successful|cache\/.+|local\/share\/(?:mc|nano|nvim|vim)\/.+|local\/state\/.+|ssh\/known_hosts(?:\.old)?)$/,
      ),
  },
  {
    name: 'package-lists',
    title: 'no package lists and no downloaded packages',
    expected: 'nothing in the lists and caches of apt',
    find: (facts) => filesAt(facts, /^\/var\/(?:lib\/apt\/lists|cache\/apt)\//),
  },
  {
    name: 'proxy-settings',
    title: "the build host's proxy is not the guest's",
    expected: 'no proxy setting, save in files that the profile placed',
    find: findProxySettings,
  },
  {
    name: 'temporary-files',
    title: 'nothing lies where only running machines put files',
    expected: '/tmp, /var/tmp and /run empty',
    find: (facts) => filesAt(facts, /^\/(?:tmp|var\/tmp|run)\/./, () => true),
  },
  {
    name: 'backup-files',
    title: 'no backups of accounts and of the package database',
    expected: 'no backup',
    find: (facts) =>
      filesAt(
        facts,
        /^\/(?:etc\/(?:passwd|shadow|group|gshadow|subuid|subgid)-|var\/backups\/.+|var\/lib\/dpkg\/[^/]+-old)$/,
      ),
  },
  {
    name: 'build-files',
    title: 'nothing names the build',
    expected: 'no file with the name or the mark of the build',
    find: buildFiles,
  },
  {
    name: 'newer-than-finish',
    title: 'nothing changed after the disk was finished',
    expected: 'no file newer than the end of finish',
    find: newerFiles,
    skipped: ({ finishedAtMs }) =>
      finishedAtMs === undefined ? 'when finish ended is not recorded' : undefined,
  },
];

/** The comment of the key that Packer logs in with, the mark in resolv.conf and the unit of the build. */
const BUILD_MARK = /mintmark-build/;

function buildFiles(facts: HygieneFacts): string[] {
  const marked = Array.from(facts.texts)
    .filter(([path, text]) => BUILD_MARK.test(text) && !isOurs(facts, path))
    .map(([path]) => `${path}: has the mark of the build`);
  const named = filesAt(
    facts,
    /\/[^/]*(?:mintmark|packer-provisioner|packer-shell)[^/]*$/i,
    ({ path }) => !facts.packages.owners.has(path),
  );
  return [...marked, ...named];
}

/** Clocks of the build host and of the machine that finishes the disk agree to about a second. */
const CLOCK_TOLERANCE_MS = 2000;

function newerFiles({ files, finishedAtMs = Infinity, expected, placed }: HygieneFacts): string[] {
  return files
    .filter(
      ({ mtimeMs, path }) =>
        mtimeMs > finishedAtMs + CLOCK_TOLERANCE_MS && !isOurs({ expected, placed }, path),
    )
    .map(({ path, mtimeMs }) => `${path}: ${describeTime(mtimeMs)}`);
}

/** The last moment that a Date can be, in milliseconds; damaged or absurd times of files go beyond it. */
const LAST_DATE_MS = 8.64e15;

function describeTime(ms: number): string {
  return new Date(Math.min(ms, LAST_DATE_MS)).toISOString();
}
