import { createReadStream, createWriteStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { isCpio, listCpio } from '../disks/cpio-names.ts';
import type { Ext4FileSystem } from '../disks/ext4-reader.ts';
import { Failure } from '../errors/failure.ts';
import { moduleNameOf, type GuestModules } from '../guest/hypervisor-drivers.ts';
import type { WorkflowContext } from './build-request.ts';
import { readerOf, withFileSystem } from './read-guest.ts';

/** Where a guest is looked at. */
export interface ModulesOf {
  readonly disk: string;
  readonly rootOffsetBytes: number;
  readonly kernel: string;
  /** Directory for the unpacked initramfs; what is put there stays there. */
  readonly scratch: string;
}

const DEADLINE_MS = 5 * 60_000;

/** Programs that unpack an initramfs file beside it, by the bytes that it begins with. */
const PACKERS = [
  { magic: '28b52ffd', command: 'zstd' },
  { magic: 'fd377a58', command: 'xz' },
] as const;

/**
 * The modules of one kernel of a guest, in the kernel, in its initramfs and in the root file system; nothing is run.
 * Raises `E_INITRAMFS_UNREADABLE` for an initramfs that is missing or packed in an unknown way, and what reading the disk raises.
 */
export async function readModules(where: ModulesOf, context: WorkflowContext): Promise<GuestModules> {
  return withFileSystem(where.disk, where.rootOffsetBytes, async (volume) => {
    const directory = `/lib/modules/${where.kernel}`;
    const late = new Set<string>();
    for await (const { path } of volume.walk(await resolved(volume, directory))) {
      const name = moduleNameOf(path);
      if (name !== undefined) late.add(name);
    }
    const builtin = (await volume.readFile(`${directory}/modules.builtin`)).toString('utf8').split('\n');
    const early = [...builtin, ...(await readInitramfs(volume, where, context))];
    return { kernel: where.kernel, late, early: new Set(early.flatMap((path) => moduleNameOf(path) ?? [])) };
  });
}

/** `/lib` is a link in Debian. */
async function resolved(volume: Ext4FileSystem, directory: string): Promise<string> {
  const link = await volume.stat('/lib');
  return link?.type === 'symlink' ? `/usr${directory}` : directory;
}

/** Names in all archives of an initramfs: microcode may stand, not packed, before the rest. */
async function readInitramfs(
  volume: Ext4FileSystem,
  { kernel, scratch }: ModulesOf,
  context: WorkflowContext,
): Promise<string[]> {
  const path = `/boot/initrd.img-${kernel}`;
  if (!(await volume.stat(path))) throw unreadable(path, 'is missing');
  const packed = join(scratch, 'initrd');
  await pipeline(Readable.from(volume.readStream(path)), createWriteStream(packed), {
    signal: context.signal,
  });
  const handle = await open(packed, 'r');
  try {
    const [names, rest] = await listPlain(handle, 0);
    if (rest === undefined) return names;
    const unpacked = await unpackRest(handle, rest, { path, packed }, context);
    const inner = await open(unpacked, 'r');
    try {
      return [...names, ...(await listPlain(inner, 0))[0]];
    } finally {
      await inner.close();
    }
  } finally {
    await handle.close();
  }
}

/** Names of the archives that are not packed, and where something else begins. */
async function listPlain(
  handle: FileHandle,
  offset: number,
): Promise<[names: string[], rest: number | undefined]> {
  const readAt = readerOf(handle);
  const { size } = await handle.stat();
  const names: string[] = [];
  let at = offset;
  while (at < size) {
    const start = await readAt(at, 512);
    const zeros = start.findIndex((byte) => byte !== 0);
    if (zeros !== 0) {
      at += zeros < 0 ? start.length : zeros;
      continue;
    }
    if (!isCpio(start)) return [names, at];
    const listing = await listCpio(readAt, at);
    names.push(...listing.names);
    at = listing.end;
  }
  return [names, undefined];
}

async function unpackRest(
  handle: FileHandle,
  offset: number,
  { path, packed }: { readonly path: string; readonly packed: string },
  { run, signal }: WorkflowContext,
): Promise<string> {
  const magic = (await readerOf(handle)(offset, 4)).toString('hex');
  const unpacked = `${packed}.cpio`;
  const rest = createReadStream(packed, { start: offset });
  if (magic.startsWith('1f8b')) {
    await pipeline(rest, createGunzip(), createWriteStream(unpacked), { signal });
    return unpacked;
  }
  const packer = PACKERS.find((known) => known.magic === magic);
  if (!packer) {
    rest.destroy();
    throw unreadable(path, `is packed in an unknown way: it begins with ${magic}`);
  }
  const compressed = `${unpacked}.${packer.command === 'zstd' ? 'zst' : 'xz'}`;
  await pipeline(rest, createWriteStream(compressed), { signal });
  const args = ['-d', '-q', '-f', compressed];
  await run({ command: packer.command, args, deadlineMs: DEADLINE_MS }, { signal });
  return unpacked;
}

function unreadable(path: string, why: string): Failure {
  return new Failure('image-test', 'E_INITRAMFS_UNREADABLE', `${path} of the guest ${why}`);
}
