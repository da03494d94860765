import type { Profile } from '../profiles/profile.ts';
import { quoteForShell } from '../values/command-spec.ts';
import { planExtraSources, renderGuestSources } from './apt-sources.ts';
import { fatUuid, type DiskIdentifiers } from './derived-identifiers.ts';
import { rootPartitionNumber, type DiskLayout } from './disk-layout.ts';

/** A text file of a job, by its path below the job directory. */
export interface JobFile {
  readonly path: string;
  readonly text: string;
}

/** What {@link planBootstrapJob} needs beside the profile. */
export interface BootstrapJobInput {
  readonly identifiers: DiskIdentifiers;
  readonly layout: DiskLayout;
  /** Keys of the profile's extra sources, by source name. */
  readonly sourceKeys: Readonly<Record<string, string>>;
  /** `tmpfs`, or a directory on disk where memory is short. */
  readonly scratch: string;
  /** Timestamp that no file of the tree is newer than, in seconds since the epoch. */
  readonly epochSeconds: number;
}

/** Where a guest keeps the keys of further package sources. */
const GUEST_KEYRINGS = '/etc/apt/keyrings';

/** Packages that every bootable base needs, whatever its profile says. */
export function basePackages(profile: Profile): string[] {
  const needed = [
    'apt',
    // fsck of the root filesystem, in the initramfs too
    'e2fsprogs',
    'systemd-sysv',
    'initramfs-tools',
    ...bootPackages(profile.disk),
    'openssh-server',
    profile.packages.kernel,
  ];
  return [...new Set([...needed, ...profile.packages.include])].toSorted();
}

/**
 * GRUB for what the disk boots from. The packages that own its configuration cannot be installed together: a hybrid
 * disk has the one for UEFI, whose upgrades renew the EFI system partition (where revoked boot loaders count), and the
 * other's files only, which no upgrade embeds, so that boot code and modules of the BIOS side stay of one version.
 */
function bootPackages({ layout, secureBoot }: Profile['disk']): string[] {
  if (layout === 'bios') return ['grub-pc'];
  return [
    'grub-efi-amd64',
    ...(layout === 'hybrid' ? ['grub-pc-bin'] : []),
    ...(secureBoot ? ['grub-efi-amd64-signed', 'shim-signed'] : []),
  ];
}

/** The text files of a bootstrap job; see the head of `provisioners/base/tree.sh`. */
export function planBootstrapJob(profile: Profile, input: BootstrapJobInput): JobFile[] {
  return [
    { path: 'include', text: basePackages(profile).join(',') },
    { path: 'variables', text: renderVariables(profile, input) },
    { path: 'etc/fstab', text: renderFstab(input) },
    { path: 'etc/hostname', text: `${profile.guest.hostname}\n` },
    { path: 'etc/hosts', text: renderHosts(profile.guest.hostname) },
    { path: 'etc/default/grub.d/50-template.cfg', text: renderGrubDefaults(profile) },
    ...profile.os.aptSources.flatMap((source) => [
      {
        path: `etc/apt/sources.list.d/${source.name}.sources`,
        text: renderGuestSources(planExtraSources([source], GUEST_KEYRINGS)),
      },
      { path: `etc/apt/keyrings/${source.name}.asc`, text: input.sourceKeys[source.name] ?? '' },
    ]),
  ];
}

function renderVariables(profile: Profile, input: BootstrapJobInput): string {
  const variables: Record<string, string | number | boolean> = {
    SUITE: profile.os.suite,
    ARCHITECTURE: profile.os.architecture,
    ROOT_UUID: input.identifiers.rootUuid,
    HASH_SEED: input.identifiers.hashSeed,
    LAYOUT: profile.disk.layout,
    SECURE_BOOT: profile.disk.secureBoot,
    PARTITION_TABLE: input.layout.table,
    ROOT_NUMBER: rootPartitionNumber(input.layout),
    OFFSET_BYTES: input.layout.root.offsetBytes,
    FILESYSTEM_KIB: input.layout.root.sizeBytes / 1024,
    SCRATCH: input.scratch,
    RECOMMENDS: profile.packages.recommends,
    REMOVE_DOCS: profile.finish.removeDocs,
    KEEP_LOCALES: profile.finish.keepLocales.join(' '),
    EPOCH: input.epochSeconds,
  };
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${quoteForShell(String(value))}\n`)
    .join('');
}

/**
 * `x-systemd.growfs` is not used: cloud-init or the boot contract grows partition and filesystem together. A guest
 * comes up without its EFI system partition, too: only upgrades of the boot loader need it.
 */
function renderFstab({ identifiers, layout }: BootstrapJobInput): string {
  const lines = [`UUID=${identifiers.rootUuid} / ext4 errors=remount-ro 0 1`];
  const esp = fatUuid(identifiers.espVolumeId);
  if (layout.esp) lines.push(`UUID=${esp} /boot/efi vfat umask=0077,nofail 0 0`);
  if (layout.swap) lines.push(`UUID=${identifiers.swapUuid} none swap sw 0 0`);
  return `${lines.join('\n')}\n`;
}

function renderHosts(hostname: string): string {
  return [
    '127.0.0.1 localhost',
    `127.0.1.1 ${hostname}`,
    '::1 localhost ip6-localhost ip6-loopback',
    'ff02::1 ip6-allnodes',
    'ff02::2 ip6-allrouters',
    '',
  ].join('\n');
}

/**
 * No menu and no wait, every message on the screen and on the first serial port. Debian's signed GRUB has no driver
 * for that port and may load none; where only it starts, the firmware's console has to do.
 */
function renderGrubDefaults(profile: Profile): string {
  const { layout, secureBoot } = profile.disk;
  const terminal =
    layout === 'uefi' && secureBoot
      ? ['GRUB_TERMINAL="console"']
      : ['GRUB_TERMINAL="console serial"', 'GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"'];
  const words = [
    ...profile.guest.consoles.map((console) => `console=${console}`),
    ...profile.guest.kernelArguments,
  ];
  return [
    'GRUB_TIMEOUT=0',
    'GRUB_CMDLINE_LINUX_DEFAULT=""',
    `GRUB_CMDLINE_LINUX=${quoteForShell(words.join(' '))}`,
    ...terminal,
    'GRUB_DISABLE_OS_PROBER=true',
    '',
  ].join('\n');
}
