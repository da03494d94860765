/**
 * `node write-image.mjs qcow2|vmdk|vhd DISK OUT`: one of our writers alone. Prints its seconds and the file's size as
 * JSON. That the disk is read once for its allocation and its digest is not part of them: it counts once for all
 * formats together.
 */
import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';

const DIST = join(import.meta.dirname, '../../dist');

const WRITERS = {
  qcow2: (disk, out) => call('write-qcow2.js', 'writeCompressedQcow2', [disk, out, { compat: '1.1' }]),
  vmdk: (disk, out) => {
    const options = { adapter: 'lsilogic', hardwareVersion: 13 };
    return call('write-vmdk.js', 'writeStreamOptimizedVmdk', [disk, out, options]);
  },
  vhd: (disk, out) => {
    const options = { flavour: 'xenserver', createdSeconds: 1_000_000_000 };
    return call('write-vhd.js', 'writeDynamicVhd', [disk, out, options]);
  },
};

async function call(file, name, words) {
  const path = join(DIST, 'workflows', file);
  await access(path).catch(() => {
    throw new Error(`there is no ${path}: that writer is not part of this checkout`);
  });
  const writer = (await import(path))[name];
  if (writer === undefined) throw new Error(`${path} exports no ${name}`);
  const startedAt = performance.now();
  await writer(...words);
  return (performance.now() - startedAt) / 1000;
}

const { run } = await import(join(DIST, 'host/run.js'));
const { readSourceDisk } = await import(join(DIST, 'workflows/source-disk.js'));
const [format, diskPath, out] = process.argv.slice(2);
const seconds = await WRITERS[format](await readSourceDisk(diskPath, { run }), out);
process.stdout.write(JSON.stringify({ seconds, sizeBytes: (await stat(out)).size }));
