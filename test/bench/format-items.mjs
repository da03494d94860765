import { spawnSync } from 'node:child_process';
import { mkdir, open, readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { measure, measureApart } from './measure.mjs';

/*
 * What is measured of the image formats. An item has two sides, of which the first is divided by the second; each side
 * runs a program that leaves one or more files at a path.
 */

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const WRITE_IMAGE = join(import.meta.dirname, 'write-image.mjs');

/** Most memory that our own process may take, in MiB. */
const MEMORY_MIB = 300;

/** Times of short runs differ several-fold, so there must be many. */
const MANY = 12;

const QEMU = 'qemu-img convert -f raw';

/** Every item, in the order of a round. */
export const FORMAT_ITEMS = [
  writerItem('vmdk', `${QEMU} -O vmdk -o subformat=streamOptimized`, { ratio: 0.45, sizeRatio: 1.02 }),
  writerItem('qcow2', `${QEMU} -O qcow2 -c`, { ratio: 0.5, sizeRatio: 1.02 }),
  { ...writerItem('vhd', `${QEMU} -O vpc`, { ratio: 1.2 }), leastRuns: MANY },
  {
    name: 'all',
    label: "all four hypervisors' artifacts, ours verified ÷ one after the other, unverified",
    targets: { ratio: 0.5, memoryMiB: MEMORY_MIB },
    sides: { ours: runOurs, plain: runPlain },
  },
  ...['vmdk', 'qcow2', 'vhd'].map(largeItem),
];

/** One of our writers against qemu-img, neither of which verifies anything. */
function writerItem(format, command, targets) {
  return {
    name: format,
    label: `${format}: our writer alone ÷ ${command}`,
    targets: { ...targets, memoryMiB: MEMORY_MIB },
    sides: {
      ours: async (lab, out) => runWriter(format, await lab.disk(), out),
      'qemu-img': async (lab, out) => runScript(`${command} "$1" "$2"`, await lab.disk(), out),
    },
  };
}

/** The same data on disks of two sizes. */
function largeItem(format) {
  const side = (sizeGiB) => async (lab, out) => runWriter(format, await sparseDisk(lab, sizeGiB), out);
  return {
    name: `large.${format}`,
    label: `${format}: 1 GiB of data on 200 GiB ÷ on 10 GiB`,
    targets: { ratio: 1.5, memoryMiB: MEMORY_MIB },
    sides: { '200 GiB': side(200), '10 GiB': side(10) },
  };
}

async function runWriter(format, disk, out) {
  const { stdout, rssMiB } = await measure(process.execPath, [WRITE_IMAGE, format, disk, out]);
  const { seconds, sizeBytes } = JSON.parse(stdout);
  const synced = await measure('sync', [out]);
  return { seconds, syncedSeconds: seconds + synced.seconds, rssMiB, sizeBytes };
}

/** Runs a shell script with a disk and a path to write to; the time until all is on disk is measured besides. */
async function runScript(script, disk, out) {
  const { seconds } = await measureApart('sh', ['-e', '-c', script, 'plain', disk, out]);
  const synced = await measure('sync', [out]);
  return { seconds, syncedSeconds: seconds + synced.seconds, sizeBytes: await sizeOf(out) };
}

/** What both sides of `all` write, by suffix. */
export const ARTIFACTS = ['qcow2', 'vhd.bz2', 'ova', 'vhd.zip', 'vhdx.zip'];

async function runOurs(lab, out) {
  const { seconds, rssMiB } = await lab.mintmark(
    'convert',
    await lab.disk(),
    '--to',
    ARTIFACTS.join(','),
    '--out',
    out,
  );
  return { seconds, rssMiB, ...(await sizesIn(out)) };
}

const ONE_AFTER_THE_OTHER = `
${QEMU} -O qcow2 -c "$1" "$2/kvm.qcow2"
${QEMU} -O vpc "$1" "$2/xenserver.vhd"
bzip2 "$2/xenserver.vhd"
cd "$2"
${QEMU} -O vmdk -o subformat=streamOptimized "$1" vmware.vmdk
tar -cf vmware.ova vmware.vmdk
rm vmware.vmdk
${QEMU} -O vpc "$1" hyperv.vhd
zip -q hyperv.vhd.zip hyperv.vhd
rm hyperv.vhd
${QEMU} -O vhdx "$1" hyperv.vhdx
zip -q hyperv.vhdx.zip hyperv.vhdx
rm hyperv.vhdx
`;

async function runPlain(lab, out) {
  await mkdir(out);
  const { seconds } = await measureApart('sh', [
    '-e',
    '-c',
    ONE_AFTER_THE_OTHER,
    'plain',
    await lab.disk(),
    out,
  ]);
  return { seconds, ...(await sizesIn(out)) };
}

async function sizesIn(directory) {
  const sizes = {};
  for (const name of await readdir(directory)) {
    const suffix = ARTIFACTS.find((known) => name.endsWith(`.${known}`));
    if (suffix !== undefined) sizes[suffix] = await sizeOf(join(directory, name));
  }
  const missing = ARTIFACTS.filter((suffix) => sizes[suffix] === undefined);
  if (missing.length > 0) throw new Error(`there is no ${missing.join(', ')} in ${directory}`);
  return { sizes, sizeBytes: Object.values(sizes).reduce((sum, size) => sum + size, 0) };
}

async function sizeOf(path) {
  return (await stat(path)).size;
}

/** A sparse disk with the first GiB of the measured disk's data, each piece at its place. Not measured. */
function sparseDisk(lab, sizeGiB) {
  return lab.kept(`1 GiB of data on ${sizeGiB} GiB`, async () => {
    const [source, path] = [await lab.disk(), lab.fresh(`${sizeGiB}.raw`)];
    await copyData(source, path, GIB);
    await truncate(path, sizeGiB * GIB);
    return path;
  });
}

async function copyData(source, path, limitBytes) {
  const { stdout } = spawnSync('qemu-img', ['map', '--output=json', '-f', 'raw', source], {
    encoding: 'utf8',
  });
  const [from, to] = [await open(source, 'r'), await open(path, 'w')];
  let left = limitBytes;
  for (const { start, length, data } of JSON.parse(stdout)) {
    const end = data ? start + Math.min(length, left) : start;
    for (let at = start; at < end; at += MIB) {
      const { bytesRead, buffer } = await from.read(Buffer.alloc(Math.min(MIB, end - at)), 0, undefined, at);
      await to.write(buffer, 0, bytesRead, at);
    }
    left -= end - start;
  }
  await from.close();
  await to.close();
  if (left > 0) throw new Error(`${source} holds less than ${limitBytes / MIB} MiB of data`);
}

/** The finished disk of profile kvm as a raw file, built in the bench's own lab. Not measured. */
export async function buildDisk(lab) {
  const catalogue = lab.fresh('catalogue');
  await lab.build('kvm', catalogue, '--no-test');
  const files = await readdir(join(catalogue, 'releases'), { recursive: true });
  const qcow2 = files.find((name) => name.endsWith('.qcow2'));
  if (qcow2 === undefined) throw new Error('the build of kvm left no qcow2');
  const path = lab.fresh('kvm.raw');
  await measure('qemu-img', ['convert', '-O', 'raw', join(catalogue, 'releases', qcow2), path]);
  await rm(catalogue, { recursive: true });
  return path;
}
