import { copyFile, mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { firmwareArguments } from '../../src/guest/firmware.ts';
import { findProgramIfAny } from '../../src/host/find-program.ts';
import { parseReleaseManifest } from '../../src/manifests/release.ts';
import { findFirmware } from '../../src/workflows/find-firmware.ts';
import { readRootPartitionOffset } from '../../src/workflows/read-guest.ts';
import { compileWhenStale } from '../integration/compiled-cli.ts';
import { readPart } from '../read-part.ts';
import { REPOSITORY } from '../rules/source-files.ts';
import { BuildPlace, documentOf } from './real-build.ts';
import { callOk, TemplateGuest } from './template-guest.ts';

/*
 * Disks with a GPT, for real: a `server` that boots by BIOS and by UEFI with Secure Boot on, looked at by the programs
 * that partitioners bring, booted both ways by a QEMU line that is not ours, and taken through what an upgrade of GRUB
 * does; and the base disk of a machine that knows UEFI only. Base disks and packages come from the usual cache.
 */

const MINUTE_MS = 60_000;
const MIB = 1024 * 1024;

const NEEDED =
  'packer qemu-system-x86_64 qemu-img mmdebstrap mke2fs virt-sparsify ssh ssh-keygen setpriv'.split(' ');
const LOOKING = ['sfdisk', 'fsck.vfat', 'mcopy', 'mdir'];
const isoProgram = (await findProgramIfAny('xorriso')) ?? (await findProgramIfAny('genisoimage')) ?? '';

async function missingOf(names: readonly string[]): Promise<string[]> {
  const programs = await Promise.all(names.map((name) => findProgramIfAny(name)));
  return names.filter((_, index) => programs[index] === undefined);
}

/** Says why something is skipped. */
function needs(title: string, missing: readonly string[]): boolean {
  if (missing.length > 0) process.stderr.write(`skipped: ${title}: no ${missing.join(', ')}\n`);
  return missing.length === 0;
}

const plainFirmware = await findFirmware({ secureBoot: false });
const secureFirmware = await findFirmware({ secureBoot: true });
const noIso = isoProgram === '' ? ['xorriso or genisoimage'] : [];
const noPlain = plainFirmware ? [] : ['UEFI firmware (package ovmf)'];
const noSecure = secureFirmware ? [] : ['UEFI firmware with enrolled keys (package ovmf)'];

const withTools = needs('disks with a GPT', await missingOf(NEEDED)) ? describe : describe.skip;
const looking = needs('looking at a GPT and an ESP', await missingOf(LOOKING)) ? test : test.skip;
const booting = needs('booting by BIOS and UEFI', [...noIso, ...noSecure, ...noPlain]) ? test : test.skip;

/** Progress for whoever watches. */
function say(text: string): void {
  process.stderr.write(`  ${new Date().toISOString().slice(11, 19)}  ${text}\n`);
}

/** What `grub-install` puts into the partition when shim is installed, without its fallback in the second place. */
const SIGNED_FILES = [
  'EFI/BOOT/BOOTX64.EFI',
  'EFI/BOOT/grubx64.efi',
  'EFI/BOOT/mmx64.efi',
  'EFI/debian/BOOTX64.CSV',
  'EFI/debian/fbx64.efi',
  'EFI/debian/grub.cfg',
  'EFI/debian/grubx64.efi',
  'EFI/debian/mmx64.efi',
  'EFI/debian/shimx64.efi',
];

const ASK_FACTS = `
echo "state=$(systemctl is-system-running --wait)"
echo "failed=$(systemctl --failed --plain --no-legend --no-pager | cut -d ' ' -f 1 | tr '\\n' ' ')"
echo "rootKiB=$(df --output=size -k / | tail -n 1)"
echo "table=$(sudo -n sfdisk --verify /dev/vda 2>&1 | grep -c 'No errors detected')"
echo "esp=$(findmnt -no FSTYPE /boot/efi)"
echo "espFiles=$(cd /boot/efi 2>/dev/null; sudo -n find /boot/efi -type f -printf '%P\\n' | sort | tr '\\n' ' ')"
echo "shim=$(sudo -n cmp /boot/efi/EFI/BOOT/BOOTX64.EFI /usr/lib/shim/shimx64.efi.signed && echo same)"
echo "firmware=$(test -d /sys/firmware/efi && echo uefi || echo bios)"
echo "secureBoot=$(sudo -n dmesg | grep -c 'secureboot: Secure boot enabled')"
echo "unfinished=$(dpkg --audit | tr '\\n' ' ')"
`;

/** What a later version of GRUB's package does when it is installed. */
const UPGRADE =
  'export DEBIAN_FRONTEND=noninteractive; sudo -nE dpkg-reconfigure grub-efi-amd64 2>&1 && sudo -n update-grub';

const SCRIPT_DEADLINE_MS = 5 * MINUTE_MS;
const DISK_SIZE_GIB = 6;

let place: BuildPlace;
let artifact = '';

withTools('a server for BIOS and UEFI', () => {
  beforeAll(async () => {
    compileWhenStale();
    place = await BuildPlace.make();
    say('building server with layout hybrid');
    const layout = ['disk.layout=hybrid', 'disk.secureBoot=true', 'disk.swapMiB=64'];
    const words = layout.flatMap((assignment) => ['--set', assignment]);
    documentOf(await place.build(['--profile', 'server', '--new-catalogue', ...words]), 0);
    const directory = await place.latest('server');
    const release = parseReleaseManifest(await readFile(join(directory, 'release.json'), 'utf8'));
    artifact = join(directory, release.artifacts[0]?.file ?? '');
  }, 8 * MINUTE_MS);

  afterAll(() => place.remove());

  looking('sfdisk, fsck.vfat and mtools find no fault, the reader finds the root', look, 2 * MINUTE_MS);

  const both = 'boots both ways and grows; with UEFI it is the same after an upgrade of GRUB and a reboot';
  // The base takes the core that the first guest leaves: guests under emulation take minutes.
  booting(`${both}; the base of a UEFI machine boots without shim`, bootBothWays, 20 * MINUTE_MS);
});

async function look(): Promise<void> {
  const raw = join(place.directory, 'disk.raw');
  await callOk('qemu-img', ['convert', '-O', 'raw', artifact, raw]);
  expect(await callOk('sfdisk', ['--verify', raw])).toContain('No errors detected');
  const dump: unknown = JSON.parse(await callOk('sfdisk', ['--json', raw]));
  const names = ['bios-boot', 'esp', 'swap', 'root'];
  expect(dump).toMatchObject({
    partitiontable: { label: 'gpt', partitions: names.map((name) => ({ name })) },
  });
  expect(await readRootPartitionOffset(raw)).toBe((1 + 1 + 128 + 64) * MIB);
  const esp = join(place.directory, 'esp.raw');
  const handle = await open(esp, 'w');
  await handle.writeFile(await readPart(raw, 2 * MIB, 128 * MIB));
  await handle.close();
  expect(await callOk('fsck.vfat', ['-n', esp])).toMatch(/13 files/);
  const listed = await callOk('mdir', ['-i', esp, '-/', '-b', '-a', '::']);
  const files = listed.split('\n').flatMap((line) => /^::\/(.*[^/])$/.exec(line.trim())?.[1] ?? []);
  expect(files.toSorted()).toEqual(SIGNED_FILES);
  const config = await callOk('mcopy', ['-i', esp, '::EFI/debian/grub.cfg', '-']);
  expect(config).toMatch(/^search\.fs_uuid [0-9a-f-]{36} root \nset prefix=\(\$root\)'\/boot\/grub'\n/);
}

/** Starts a guest with this firmware, whose variables are a copy of its own. */
async function startGuest(
  name: string,
  image: string,
  firmware: typeof plainFirmware,
): Promise<TemplateGuest> {
  const directory = join(place.directory, name);
  await mkdir(directory);
  const variables = join(directory, 'variables.fd');
  if (firmware) await copyFile(firmware.variables, variables);
  const machine = firmware ? firmwareArguments(firmware, variables) : [];
  return TemplateGuest.start({ directory, image, diskSizeGiB: DISK_SIZE_GIB, isoProgram, machine });
}

async function bootBothWays(): Promise<void> {
  const guests: TemplateGuest[] = [];
  try {
    guests.push(await startGuest('bios', artifact, undefined));
    guests.push(await startGuest('uefi', artifact, secureFirmware));
    const ends = await Promise.allSettled(
      guests.map(async (guest) => {
        await guest.waitForSsh();
        say(`${guest.name} lets us in`);
        await expectWhole(guest);
        // Its packages renew what UEFI boots from and leave the BIOS side alone: one of the two tells.
        if (guest.name !== 'uefi') {
          await guest.stop();
          return await bootUefiBase();
        }
        await guest.sshOk(UPGRADE, SCRIPT_DEADLINE_MS);
        say(`${guest.name} went through an upgrade of GRUB, and reboots`);
        await guest.reboot();
        await expectWhole(guest);
        say(`${guest.name} is back`);
      }),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  } finally {
    await Promise.all(guests.map((guest) => guest.stop()));
  }
}

async function expectWhole(guest: TemplateGuest): Promise<void> {
  const lines = (await guest.sshOk(ASK_FACTS, SCRIPT_DEADLINE_MS)).split('\n');
  const facts = Object.fromEntries(
    lines.map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1).trim()]),
  );
  expect(facts).toMatchObject({
    state: 'running',
    failed: '',
    table: '1',
    esp: 'vfat',
    espFiles: SIGNED_FILES.join(' '),
    shim: 'same',
    firmware: guest.name,
    secureBoot: guest.name === 'uefi' ? '1' : '0',
    unfinished: '',
  });
  expect(Number(facts['rootKiB'])).toBeGreaterThan((DISK_SIZE_GIB - 1) * 1024 * 1024);
}

async function bootUefiBase(): Promise<void> {
  const tiny = join(REPOSITORY, 'test/fixtures/profiles/tiny.json');
  const made = documentOf(await place.base(['--profile', tiny, '--set', 'disk.layout=uefi']), 0);
  const guest = await startGuest('uefi-base', String(made['path']), plainFirmware);
  try {
    const console = await guest.waitForConsole(/login: /);
    expect(console).toMatch(/BdsDxe: starting Boot\d+ "UEFI Misc Device"/);
    // Nothing that one of the two lacks is asked for on the way.
    expect(console).not.toMatch(/^error: /m);
  } finally {
    await guest.stop();
  }
}
