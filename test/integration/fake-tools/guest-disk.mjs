// What a build leaves in the guest, written into the file system of a raw disk without starting anything.
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { LAB } from './control.mjs';

const MIB = 1024 * 1024;
/** Partitions begin at whole mebibytes; none of the lab's disks has more before its root. */
const SEARCHED_MIB = 512;

/**
 * Writes what provisioners would have: the text of $LAB/provisioned, or another one in every build; and the version that
 * the finish machine is given. Nothing where that text is empty.
 */
export function writeGuest(disk, initrd) {
  const provisioned = join(LAB, 'provisioned');
  const text = existsSync(provisioned) ? readFileSync(provisioned, 'utf8') : randomUUID();
  if (text === '') return;
  const finish = readFinishFiles(initrd);
  write(disk, {
    '/etc/motd': text,
    '/usr/lib/os-release': [
      'ID=debian',
      `IMAGE_ID=${finish.get('finish/image-id')}`,
      `IMAGE_VERSION=${finish.get('finish/image-version')}`,
      '',
    ].join('\n'),
  });
}

const local = (index) => join(LAB, 'points', `guest-file.${process.pid}.${index}`);

function write(disk, files) {
  const names = Object.keys(files);
  const commands = names.flatMap((name, index) => [`rm ${name}`, `write ${local(index)} ${name}`]);
  for (const [index, name] of names.entries()) writeFileSync(local(index), files[name]);
  const place = `${disk}?offset=${rootOffset(disk)}`;
  const { status, stderr } = spawnSync('debugfs', ['-w', '-f', '-', place], { input: commands.join('\n') });
  for (const index of names.keys()) rmSync(local(index));
  if (status !== 0) throw new Error(`debugfs: ${stderr}`);
}

/** Where the superblock of an ext4 file system has its magic number. */
function rootOffset(disk) {
  const handle = openSync(disk, 'r');
  const magic = Buffer.alloc(2);
  try {
    for (let offset = MIB; offset < SEARCHED_MIB * MIB; offset += MIB) {
      readSync(handle, magic, 0, 2, offset + 1080);
      if (magic.readUInt16LE(0) === 0xef53) return offset;
    }
  } finally {
    closeSync(handle);
  }
  throw new Error(`no root file system on ${disk}`);
}

/** Files of the archive that was appended to the initramfs; a cpio archive in the format "newc", compressed. */
function readFinishFiles(initrd) {
  const bytes = readFileSync(initrd);
  const archive = gunzipSync(bytes.subarray(bytes.lastIndexOf(Buffer.from([0x1f, 0x8b, 8]))));
  const files = new Map();
  for (let at = 0; at + 110 <= archive.length;) {
    const field = (index) =>
      Number.parseInt(archive.toString('latin1', at + 6 + 8 * index, at + 14 + 8 * index), 16);
    const [size, nameSize] = [field(6), field(11)];
    const name = archive.toString('latin1', at + 110, at + 110 + nameSize - 1);
    const data = Math.ceil((at + 110 + nameSize) / 4) * 4;
    files.set(name, archive.toString('utf8', data, data + size));
    at = Math.ceil((data + size) / 4) * 4;
  }
  return files;
}
