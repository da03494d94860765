import { generatedContext, isGenerated } from './generated-files.ts';
import type { GuestFile } from './guest-file.ts';
import { isOurs, matchesPath, type HygieneFacts, type HygieneRule } from './hygiene-facts.ts';

/** Rules that hold files against the package database. */
export const PACKAGE_RULES: readonly HygieneRule[] = [
  {
    name: 'unowned-files',
    title: 'every file where packages put theirs belongs to one',
    expected: 'files of packages, of their scripts and of the profile only',
    find: unownedFiles,
    skipped: withoutDatabase,
  },
  {
    name: 'changed-files',
    title: 'files are as their packages shipped them',
    expected: 'the MD5 that the package recorded',
    find: (facts) => changed(facts, facts.packages.md5sums),
    skipped: withoutDatabase,
  },
  {
    name: 'changed-configuration',
    title: 'configuration is as its package shipped it or as the profile placed it',
    expected: 'the MD5 that the package recorded',
    find: (facts) => changed(facts, facts.packages.conffiles),
    skipped: withoutDatabase,
  },
  {
    name: 'world-writable',
    title: 'not everybody may write',
    expected: 'no file that everybody may write, and no such directory without the sticky bit',
    find: worldWritable,
  },
  {
    name: 'setuid',
    title: 'only known programs run with the rights of others',
    expected: 'set-user-id and set-group-id only where Debian ships it or dpkg-statoverride says so',
    find: setuidFiles,
  },
];

/**
 * Where administrators and machines put files, whatever packages do: FHS 3.0 for /etc, /home, /media, /mnt, /opt, /root,
 * /srv, /usr/local and /var; the rest is made anew at each boot.
 */
const LOCAL = ['/etc', '/home', '/media', '/mnt', '/opt', '/root', '/srv', '/usr/local', '/var'];
const VOLATILE = ['/dev', '/proc', '/run', '/sys', '/tmp', '/lost+found'];

function isOutsidePackages(path: string): boolean {
  return [...LOCAL, ...VOLATILE].some((place) => matchesPath(place, path));
}

function unownedFiles(facts: HygieneFacts): string[] {
  const { owners } = facts.packages;
  const generated = generatedContext(facts);
  return facts.files
    .filter(({ path, type }) => type !== 'directory' && !owners.has(path) && !isOutsidePackages(path))
    .filter((file) => !isOurs(facts, file.path) && !isGenerated(file, generated))
    .map(({ path, type }) => `${path}: a ${type} of no package`);
}

function changed(facts: HygieneFacts, md5sums: ReadonlyMap<string, string>): string[] {
  return facts.files.flatMap(({ path, type, md5 }) => {
    const shipped = md5sums.get(path);
    if (shipped === undefined || md5 === shipped || isOurs(facts, path)) return [];
    const owner = facts.packages.owners.get(path) ?? 'its package';
    return [
      type === 'file'
        ? `${path}: not as ${owner} shipped it`
        : `${path}: a ${type}, which ${owner} does not ship`,
    ];
  });
}

const STICKY = 0o1000;
const WORLD_WRITABLE = 0o002;
const SET_USER_ID = 0o4000;
const SET_GROUP_ID = 0o2000;

function worldWritable(facts: HygieneFacts): string[] {
  return facts.files
    .filter((file) => isOpenToAll(file) && !isOurs(facts, file.path))
    .map(({ path, mode }) => `${path}: ${octal(mode)}`);
}

/** Links have no mode of their own; sockets and devices are meant to be talked to. */
function isOpenToAll({ type, mode }: GuestFile): boolean {
  if ((mode & WORLD_WRITABLE) === 0) return false;
  return type === 'file' || type === 'fifo' || (type === 'directory' && (mode & STICKY) === 0);
}

function setuidFiles(facts: HygieneFacts): string[] {
  const { owners, statOverrides } = facts.packages;
  return facts.files.flatMap(({ path, type, mode }) => {
    if (type !== 'file' || (mode & (SET_USER_ID | SET_GROUP_ID)) === 0) return [];
    if (statOverrides.has(path) || isOurs(facts, path)) return [];
    const owner = owners.get(path);
    if (owner === undefined) return [`${path}: ${octal(mode)}, of no package`];
    return SHIPPED_SETUID.some((known) => matchesPath(known.path, path) && known.bits === (mode & 0o6000))
      ? []
      : [`${path}: ${octal(mode)}, which ${owner} does not ship`];
  });
}

function octal(mode: number): string {
  return `mode ${mode.toString(8).padStart(4, '0')}`;
}

function withoutDatabase({ packages }: HygieneFacts): string | undefined {
  return packages.owners.size === 0 ? 'the disk has no package database' : undefined;
}

/**
 * Programs that packages of Debian 12 and 13 ship with these bits; dpkg records no modes. Seen in the packages of our own
 * stacks, and from the list that lintian holds packages against (its tag `elevated-privileges`).
 */
const SHIPPED_SETUID: readonly { readonly path: string; readonly bits: number }[] = [
  ...[
    '/usr/bin/chfn',
    '/usr/bin/chsh',
    '/usr/bin/fusermount',
    '/usr/bin/fusermount3',
    '/usr/bin/gpasswd',
    '/usr/bin/mount',
    '/usr/bin/newgrp',
    '/usr/bin/newuidmap',
    '/usr/bin/newgidmap',
    '/usr/bin/ntfs-3g',
    '/usr/bin/passwd',
    '/usr/bin/pkexec',
    '/usr/bin/procmail',
    '/usr/bin/su',
    '/usr/bin/sudo',
    '/usr/bin/umount',
    '/usr/lib/dbus-1.0/dbus-daemon-launch-helper',
    '/usr/lib/openssh/ssh-keysign',
    '/usr/lib/polkit-1/polkit-agent-helper-1',
    '/usr/libexec/polkit-agent-helper-1',
    '/usr/sbin/exim4',
    '/usr/sbin/mount.cifs',
    '/usr/sbin/mount.nfs',
    '/usr/sbin/pppd',
  ].map((path) => ({ path, bits: SET_USER_ID })),
  ...[
    '/usr/bin/bsd-write',
    '/usr/bin/chage',
    '/usr/bin/crontab',
    '/usr/bin/dotlockfile',
    '/usr/bin/expiry',
    '/usr/bin/mlocate',
    '/usr/bin/plocate',
    '/usr/bin/ssh-agent',
    '/usr/bin/wall',
    '/usr/bin/write.ul',
    '/usr/lib/*/utempter/utempter',
    '/usr/sbin/postdrop',
    '/usr/sbin/postqueue',
    '/usr/sbin/unix_chkpwd',
  ].map((path) => ({ path, bits: SET_GROUP_ID })),
  { path: '/usr/bin/at', bits: SET_USER_ID | SET_GROUP_ID },
];
