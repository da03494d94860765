import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { basePackages, planBootstrapJob } from '../../../src/bases/bootstrap-job.ts';
import { deriveDiskIdentifiers, fatUuid } from '../../../src/bases/derived-identifiers.ts';
import { planDiskLayout } from '../../../src/bases/disk-layout.ts';
import { resolveBuiltIn } from '../profiles/resolve-built-in.ts';

const KEY = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n';

function jobOf(own: object): { files: Map<string, string>; variables: Record<string, string> } {
  const { profile } = resolveBuiltIn('server', { own: { extends: ['server'], ...own } });
  const layout = planDiskLayout(profile.disk);
  const identifiers = deriveDiskIdentifiers('key');
  const input = {
    identifiers,
    layout,
    sourceKeys: { vendor: KEY },
    scratch: 'tmpfs',
    epochSeconds: 1_795_000_000,
  };
  const files = new Map(planBootstrapJob(profile, input).map(({ path, text }) => [path, text]));
  return { files, variables: readByShell(files.get('variables') ?? '') };
}

/** The variables as a shell understands them. */
function readByShell(text: string): Record<string, string> {
  const { stdout } = spawnSync('sh', ['-c', `set -a\n${text}\nexec env -0`], { env: {}, encoding: 'utf8' });
  return Object.fromEntries(stdout.split('\0').map((pair) => pair.split(/=(.*)/s, 2)));
}

describe('basePackages', () => {
  test('what every bootable base needs comes first, nothing twice, in a fixed order', () => {
    const { profile } = resolveBuiltIn('server');
    const packages = basePackages(profile);
    expect(packages).toEqual([...new Set(packages)].toSorted());
    expect(packages).toEqual(
      expect.arrayContaining(['apt', 'grub-pc', 'openssh-server', 'linux-image-cloud-amd64', 'cloud-init']),
    );
  });
});

describe('basePackages by layout', () => {
  test.each([
    { disk: {}, boot: ['grub-pc'], because: 'a BIOS disk is as it always was' },
    { disk: { layout: 'uefi' }, boot: ['grub-efi-amd64'], because: 'nothing of BIOS' },
    {
      disk: { layout: 'hybrid' },
      boot: ['grub-efi-amd64', 'grub-pc-bin'],
      because: 'grub-pc and grub-efi-amd64 conflict',
    },
    {
      disk: { layout: 'hybrid', secureBoot: true },
      boot: ['grub-efi-amd64', 'grub-efi-amd64-signed', 'grub-pc-bin', 'shim-signed'],
      because: 'what Microsoft and Debian signed comes along',
    },
  ])('$disk: $because', ({ disk, boot }) => {
    const { profile } = resolveBuiltIn('server', { own: { extends: ['server'], disk } });
    expect(basePackages(profile).filter((name) => /^(?:grub|shim)/.test(name))).toEqual(boot);
  });
});

describe('planBootstrapJob', () => {
  test('the shell reads the variables as they were meant', () => {
    const { variables } = jobOf({ finish: { keepLocales: ['en', 'de_DE'] } });
    expect(variables).toMatchObject({
      SUITE: 'trixie',
      ARCHITECTURE: 'amd64',
      OFFSET_BYTES: '1048576',
      FILESYSTEM_KIB: String(4095 * 1024),
      SCRATCH: 'tmpfs',
      RECOMMENDS: 'false',
      REMOVE_DOCS: 'true',
      KEEP_LOCALES: 'en de_DE',
      EPOCH: '1795000000',
    });
    expect(variables['ROOT_UUID']).toBe(deriveDiskIdentifiers('key').rootUuid);
  });

  test.each([
    { swapMiB: 0, lines: 1, because: 'without swap only the root is mounted' },
    { swapMiB: 256, lines: 2, because: 'swap is named by its UUID, too' },
  ])('fstab: $because', ({ swapMiB, lines }) => {
    const fstab = jobOf({ disk: { swapMiB } }).files.get('etc/fstab') ?? '';
    expect(fstab.trimEnd().split('\n')).toHaveLength(lines);
    expect(fstab).toMatch(/^UUID=[0-9a-f-]{36} \/ ext4 errors=remount-ro 0 1\n/);
  });

  test.each([
    {
      disk: {},
      expected: { LAYOUT: 'bios', SECURE_BOOT: 'false', PARTITION_TABLE: 'mbr', ROOT_NUMBER: '1' },
      because: 'the root alone',
    },
    {
      disk: { layout: 'hybrid', secureBoot: true, swapMiB: 64 },
      expected: { LAYOUT: 'hybrid', SECURE_BOOT: 'true', PARTITION_TABLE: 'gpt', ROOT_NUMBER: '4' },
      because: 'behind BIOS boot partition, ESP and swap',
    },
  ])('the script is told the layout: $because', ({ disk, expected }) => {
    expect(jobOf({ disk }).variables).toMatchObject(expected);
  });

  test('fstab mounts the EFI system partition, which may be missing, for root alone', () => {
    const fstab = jobOf({ disk: { layout: 'uefi' } }).files.get('etc/fstab') ?? '';
    const uuid = fatUuid(deriveDiskIdentifiers('key').espVolumeId);
    expect(fstab.split('\n')[1]).toBe(`UUID=${uuid} /boot/efi vfat umask=0077,nofail 0 0`);
  });

  test.each([
    { disk: { layout: 'hybrid', secureBoot: true }, terminal: 'console serial' },
    { disk: { layout: 'uefi', secureBoot: false }, terminal: 'console serial' },
    { disk: { layout: 'uefi', secureBoot: true }, terminal: 'console' },
  ])('GRUB of $disk talks to: $terminal', ({ disk, terminal }) => {
    const grub = jobOf({ disk }).files.get('etc/default/grub.d/50-template.cfg') ?? '';
    expect(readByShell(grub)['GRUB_TERMINAL']).toBe(terminal);
  });

  test('GRUB is told consoles and kernel words, in order', () => {
    const { files } = jobOf({
      guest: { consoles: ['tty0', 'ttyS0,115200n8'], kernelArguments: ['net.ifnames=0', 'a(b)=c!*'] },
    });
    const grub = files.get('etc/default/grub.d/50-template.cfg') ?? '';
    const read = readByShell(grub);
    expect(read['GRUB_CMDLINE_LINUX']).toBe('console=tty0 console=ttyS0,115200n8 net.ifnames=0 a(b)=c!*');
    expect(read['GRUB_TIMEOUT']).toBe('0');
  });

  test('the host’s name stands in hostname and hosts', () => {
    const { files } = jobOf({ guest: { hostname: 'router' } });
    expect(files.get('etc/hostname')).toBe('router\n');
    expect(files.get('etc/hosts')).toContain('127.0.1.1 router\n');
  });

  test('extra sources bring their pinned key', () => {
    const source = {
      name: 'vendor',
      uri: 'https://vendor.example/apt',
      suites: ['stable'],
      components: ['main'],
      key: { text: KEY, sha256: '0'.repeat(64) },
    };
    const { files } = jobOf({ os: { aptSources: [source] } });
    expect(files.get('etc/apt/keyrings/vendor.asc')).toBe(KEY);
    expect(files.get('etc/apt/sources.list.d/vendor.sources')).toContain(
      'Signed-By: /etc/apt/keyrings/vendor.asc\n',
    );
  });

  test('nothing of the build host is in any file', () => {
    for (const text of jobOf({}).files.values()) expect(text).not.toContain(process.cwd());
  });
});
