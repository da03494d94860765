import type { GuestFile } from './guest-file.ts';
import type { HygieneFacts } from './hygiene-facts.ts';

/** Files that programs of Debian make where packages put theirs. */
export interface GeneratedFiles {
  /** The program that makes them, and the package whose scripts or triggers run it. */
  readonly by: string;
  readonly matches: (file: GuestFile, facts: GeneratedContext) => boolean;
}

/** What decides whether a file was generated. */
export interface GeneratedContext extends Pick<HygieneFacts, 'packages'> {
  /** SHA-256 of the files that packages own in the places that GRUB copies its own from. */
  readonly grubSources: ReadonlySet<string>;
}

/**
 * Seen in finished disks of Debian 12 and 13, and what triggers of common packages make besides; what is not here is a
 * fault of whoever left it. Each holds the file against what it was made from where that can be told.
 */
const GENERATED_FILES: readonly GeneratedFiles[] = [
  {
    by: 'update-alternatives (dpkg)',
    matches: ({ type, linkTarget }) =>
      type === 'symlink' && linkTarget?.startsWith('/etc/alternatives/') === true,
  },
  {
    by: 'py3compile (python3)',
    matches: ({ path, type }, { packages }) => {
      const [, directory, name] =
        /^(.*)\/__pycache__\/([^/]+?)\.cpython-\d+(?:\.opt-\d)?\.pyc$/.exec(path) ?? [];
      return type === 'file' && directory !== undefined && packages.owners.has(`${directory}/${name}.py`);
    },
  },
  {
    by: 'update-initramfs (initramfs-tools)',
    matches: ({ path }, { packages }) => {
      const version = /^\/boot\/initrd\.img-(.+)$/.exec(path)?.[1];
      return version !== undefined && packages.owners.has(`/boot/vmlinuz-${version}`);
    },
  },
  {
    by: 'depmod (kmod)',
    matches: ({ path }, { packages }) => {
      const version =
        /^\/usr\/lib\/modules\/([^/]+)\/modules\.(?:(?:alias|dep|symbols|builtin|builtin\.alias)(?:\.bin)?|devname|softdep|weakdep)$/.exec(
          path,
        )?.[1];
      return version !== undefined && packages.owners.has(`/boot/vmlinuz-${version}`);
    },
  },
  {
    by: 'linux-update-symlinks (linux-base)',
    matches: ({ path, linkTarget = '' }) =>
      /^\/(?:vmlinuz|initrd\.img)(?:\.old)?$/.test(path) &&
      /^\/?boot\/(?:vmlinuz|initrd\.img)-[^/]+$/.test(linkTarget),
  },
  {
    by: 'update-grub and grub-install (grub2-common)',
    matches: ({ path, sha256 = '' }, { grubSources }) =>
      /^\/boot\/grub\/(?:grub\.cfg|grubenv|[a-z0-9_]+-[a-z]+\/(?:core\.img|boot\.img|(?:core|grub)\.efi|load\.cfg))$/.test(
        path,
      ) ||
      (path.startsWith('/boot/grub/') && grubSources.has(sha256)),
  },
  { by: 'systemd-hwdb (udev)', matches: at(/^\/usr\/lib\/udev\/hwdb\.bin$/) },
  { by: 'locale-gen (locales)', matches: at(/^\/usr\/lib\/locale\/locale-archive$/) },
  { by: 'iconvconfig (libc-bin)', matches: at(/^\/usr\/lib\/[^/]+\/gconv\/gconv-modules\.cache$/) },
  {
    by: 'update-mime-database (shared-mime-info)',
    matches: at(/^\/usr\/share\/mime\/[^/]+(?:\/[^/]+\.xml)?$/),
  },
  {
    by: 'update-desktop-database (desktop-file-utils)',
    matches: at(/^\/usr\/share\/applications\/mimeinfo\.cache$/),
  },
  { by: 'gtk-update-icon-cache (libgtk)', matches: at(/^\/usr\/share\/icons\/[^/]+\/icon-theme\.cache$/) },
  {
    by: 'glib-compile-schemas (libglib2.0)',
    matches: at(/^\/usr\/share\/glib-2\.0\/schemas\/gschemas\.compiled$/),
  },
  { by: 'gio-querymodules (libglib2.0)', matches: at(/^\/usr\/lib\/[^/]+\/gio\/modules\/giomodule\.cache$/) },
  {
    by: 'gdk-pixbuf-query-loaders (libgdk-pixbuf)',
    matches: at(/^\/usr\/lib\/[^/]+\/gdk-pixbuf-2\.0\/[^/]+\/loaders\.cache$/),
  },
  { by: 'update-info-dir (install-info)', matches: at(/^\/usr\/share\/info\/dir(?:\.old)?$/) },
];

/** What a disk says of the files that are generated. */
export function generatedContext({
  files,
  packages,
}: Pick<HygieneFacts, 'files' | 'packages'>): GeneratedContext {
  const isSource = ({ path }: GuestFile): boolean =>
    /^\/usr\/(?:lib\/grub|share\/grub|share\/locale\/[^/]+\/LC_MESSAGES\/grub)/.test(path) &&
    packages.owners.has(path);
  return { packages, grubSources: new Set(files.filter(isSource).flatMap(({ sha256 }) => sha256 ?? [])) };
}

/** Whether a file that no package owns was made by a program of one. */
export function isGenerated(file: GuestFile, context: GeneratedContext): boolean {
  return GENERATED_FILES.some(({ matches }) => matches(file, context));
}

function at(place: RegExp): GeneratedFiles['matches'] {
  return ({ path, type }) => type === 'file' && place.test(path);
}
