import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { renderCpio } from '../../src/disks/cpio.ts';

/** Packages of the pretended mirror. Nothing looks at what they need of each other. */
const PACKAGES = [
  'apt',
  'base-files',
  'dpkg',
  'e2fsprogs',
  'grub-pc',
  'linux-image-amd64',
  'linux-image-cloud-amd64',
  'openssh-server',
];

/** What the microvm initramfs is made of; in the mirror, not in the base. */
const BUSYBOX = 'busybox-static';

const KERNEL = '6.12.1-lab';

/** Writes what the fake apt and mmdebstrap give out: packages of some bytes, their index, and the tree they make. */
export function writeArchive(archive: string): void {
  const write = (path: string, data: string | Uint8Array): void => {
    mkdirSync(dirname(join(archive, path)), { recursive: true });
    writeFileSync(join(archive, path), data);
  };
  const names = [...PACKAGES, BUSYBOX];
  for (const name of names) write(`pool/${fileOf(name)}`, debOf(name));
  write('uris', names.map(renderUri).join(''));
  write('records', names.map(renderRecord).join('\n'));
  write('busybox/bin/busybox', 'no busybox\n');
  for (const [path, data] of Object.entries(treeFiles())) write(`tree/${path}`, data);
  for (const path of TREE_DIRECTORIES) mkdirSync(join(archive, 'tree', path), { recursive: true });
}

/** Directories that `provisioners/base/tree.sh` and dpkg expect. */
const TREE_DIRECTORIES = [
  'proc',
  'dev',
  'run',
  'tmp',
  'etc/ssh',
  'etc/initramfs-tools/conf.d',
  'etc/default/grub.d',
  'var/log',
  'var/cache/apt/archives',
  'var/lib/apt/lists',
  'usr/share/locale/en',
  'usr/share/man',
];

/** What a real initramfs with MODULES=most has for hypervisors other than KVM. */
const DRIVERS = ['xen-blkfront', 'ata_piix', 'mptspi', 'vmw_pvscsi', 'hv_storvsc'].map(
  (name) => `usr/lib/modules/${KERNEL}/kernel/drivers/${name}.ko`,
);

const NETWORK_DRIVERS = ['xen-netfront', 'vmxnet3', 'e1000', 'hv_netvsc'];

function treeFiles(): Record<string, string | Uint8Array> {
  const grub = 'usr/lib/grub/i386-pc';
  return {
    'etc/os-release': 'ID=debian\nVERSION_ID="13"\n',
    'var/lib/dpkg/status': PACKAGES.map(renderStatus).join('\n'),
    [`boot/vmlinuz-${KERNEL}`]: 'no kernel\n',
    [`boot/initrd.img-${KERNEL}`]: gzipSync(renderCpio(DRIVERS.map((path) => ({ path, data: '' })))),
    [`lib/modules/${KERNEL}/virtio.ko`]: 'no module\n',
    [`lib/modules/${KERNEL}/modules.builtin`]: 'kernel/drivers/hv/hv_vmbus.ko\n',
    ...Object.fromEntries(NETWORK_DRIVERS.map((name) => [`lib/modules/${KERNEL}/${name}.ko`, 'no module\n'])),
    [`${grub}/boot.img`]: Buffer.alloc(512),
    [`${grub}/normal.mod`]: 'no module\n',
    [`${grub}/command.lst`]: '\n',
    'usr/sbin/grub-probe': '#!/bin/sh\n',
    'usr/share/doc/apt/changelog.gz': gzipSync('apt (1) stable; urgency=low\n'),
    'usr/share/doc/apt/copyright': 'free\n',
  };
}

const debOf = (name: string): string => `deb of ${name}\n`;
const fileOf = (name: string): string => `${name}_1_amd64.deb`;
const digestOf = (name: string): string => createHash('sha256').update(debOf(name)).digest('hex');

function renderUri(name: string): string {
  const file = fileOf(name);
  return `'http://mirror.example/debian/pool/${file}' ${file} ${debOf(name).length} SHA256:${digestOf(name)}\n`;
}

function renderRecord(name: string): string {
  return [
    `Package: ${name}`,
    'Version: 1',
    'Architecture: amd64',
    'Installed-Size: 1',
    `Filename: pool/${fileOf(name)}`,
    `Size: ${debOf(name).length}`,
    `SHA256: ${digestOf(name)}`,
    '',
  ].join('\n');
}

function renderStatus(name: string): string {
  return [
    `Package: ${name}`,
    'Status: install ok installed',
    'Architecture: amd64',
    'Version: 1',
    'Installed-Size: 1',
    'Maintainer: nobody',
    `Description: ${name}`,
    '',
  ].join('\n');
}
