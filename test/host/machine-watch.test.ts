import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { statSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { BASE_FILES, parseBaseEntry } from '../../src/bases/base-entry.ts';
import { findProgramIfAny } from '../../src/host/find-program.ts';
import { createSecretFilter } from '../../src/host/secrets.ts';
import { RUN_FILES } from '../../src/packer/qemu-source.ts';
import { MachineWatch, type MachineEnd } from '../../src/workflows/watch-machine.ts';
import { useScratchDirectory } from '../unit/workflows/scratch-directory.ts';
import { callOk } from './template-guest.ts';

/*
 * Machines that cannot come up, for real: their firmware, kernel and services say so, and the watch ends the waiting
 * with the reason and a picture. They are started with the sockets of a build, but without Packer.
 */

const MINUTE_MS = 60_000;
const NEEDED = 'qemu-system-x86_64 qemu-img mke2fs debugfs'.split(' ');
const programs = await Promise.all(NEEDED.map((name) => findProgramIfAny(name)));
const missing = NEEDED.filter((_, index) => programs[index] === undefined);
const base = await findBase();
const reason =
  missing.length > 0
    ? `no ${missing.join(', ')}`
    : base === undefined
      ? 'no base disk in the cache'
      : undefined;
if (reason !== undefined) process.stderr.write(`skipped: machines that cannot come up: ${reason}\n`);
const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write('skipped: a small disk below a machine, because only root may mount one\n');
const withTools = reason === undefined ? describe : describe.skip;

const scratch = useScratchDirectory('watch');
const machines: ChildProcess[] = [];
const watches: MachineWatch[] = [];
afterEach(async () => {
  for (const machine of machines.splice(0)) machine.kill('SIGKILL');
  for (const watch of watches.splice(0)) await watch.close();
});

interface Base {
  readonly directory: string;
  readonly rootUuid: string;
  readonly rootOffsetBytes: number;
}

/** The newest base disk in the cache; a build of this source has left one. */
async function findBase(): Promise<Base | undefined> {
  const cache =
    process.env['MINTMARK_CACHE'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'mintmark');
  const keys = await readdir(join(cache, 'bases')).catch((): string[] => []);
  const aged = keys.map((key) => ({ key, madeMs: statSync(join(cache, 'bases', key)).mtimeMs }));
  for (const { key } of aged.toSorted((a, b) => b.madeMs - a.madeMs)) {
    const directory = join(cache, 'bases', key);
    const entry = parseBaseEntry(await readFile(join(directory, 'entry.json'), 'utf8').catch(() => ''), key);
    if (entry) return { directory, rootUuid: entry.rootUuid, rootOffsetBytes: entry.rootOffsetBytes };
  }
  return undefined;
}

function kernelArguments(rootUuid: string): string[] {
  const append = `root=UUID=${rootUuid} rw console=tty0 console=ttyS0,115200 loglevel=4 panic=3 net.ifnames=0 systemd.unit=mintmark-build.target mintmark.mode=build mintmark.key=eA==`;
  const { directory = '' } = base ?? {};
  const [kernel, initrd] = [join(directory, BASE_FILES.kernel), join(directory, BASE_FILES.initrd)];
  return ['-kernel', kernel, '-initrd', initrd, '-append', append];
}

/** Starts a machine as a build does, and waits until the watch has had enough of it. */
async function watchMachine(
  args: readonly string[],
): Promise<{ end: MachineEnd; watch: MachineWatch; picture: Buffer }> {
  const vm = scratch.join('vm');
  await mkdir(vm);
  const told = new EventEmitter();
  const ended = once(told, 'end');
  const watch = await MachineWatch.start({
    vm,
    secrets: createSecretFilter([]),
    onEnd: (end) => told.emit('end', end),
    onGone: () => {},
  });
  watches.push(watch);
  const socket = (name: string): string => `socket,path=${join(vm, name)}`;
  const common = [
    ['-machine', 'pc', '-accel', 'tcg', '-cpu', 'max', '-m', '512', '-display', 'none', '-no-reboot'],
    ['-chardev', `${socket(RUN_FILES.serialSocket)},id=serial`, '-serial', 'chardev:serial'],
    ['-chardev', `${socket(RUN_FILES.firmwareSocket)},id=fw`],
    ['-device', 'isa-debugcon,iobase=0x402,chardev=fw'],
    ['-chardev', `${socket(RUN_FILES.qmp)},id=qmp,server=on,wait=off`, '-mon', 'chardev=qmp,mode=control'],
  ].flat();
  machines.push(spawn('qemu-system-x86_64', [...common, ...args], { stdio: 'ignore' }));
  const [end]: MachineEnd[] = await ended;
  if (end === undefined) throw new Error('nothing was told');
  const screen = scratch.join('screen.png');
  expect(await watch.photograph(screen)).toBe(true);
  await watch.halt();
  return { end, watch, picture: await readFile(screen) };
}

const PNG_MAGIC = '89504e470d0a1a0a';

withTools('a machine that cannot come up', () => {
  test(
    'has no boot loader: the firmware says so',
    async () => {
      const disk = scratch.join('disk.raw');
      await callOk('qemu-img', ['create', '-q', '-f', 'raw', disk, '64M']);
      const { end, picture } = await watchMachine([
        '-net',
        'none',
        '-drive',
        `file=${disk},format=raw,if=virtio`,
      ]);
      expect(end).toMatchObject({ code: 'E_GUEST_NO_BOOT_DEVICE', isHostFault: false });
      expect(picture.subarray(0, 8).toString('hex')).toBe(PNG_MAGIC);
    },
    MINUTE_MS,
  );

  test(
    'has no init: the kernel says so',
    async () => {
      const [disk, uuid] = [scratch.join('disk.raw'), '5a4c0b6e-3f3a-4e0b-9d55-6f6d8f2b0c11'];
      const root = scratch.join('root');
      for (const name of ['dev', 'proc', 'sys', 'run', 'etc'])
        await mkdir(join(root, name), { recursive: true });
      await callOk('mke2fs', ['-q', '-t', 'ext4', '-U', uuid, '-d', root, disk, '64M']);
      const drive = ['-drive', `file=${disk},format=raw,if=virtio`];
      const { end } = await watchMachine([...kernelArguments(uuid), ...drive]);
      expect(end.code).toBe('E_GUEST_PANIC');
      expect(end.reason).toContain('first process ended');
    },
    2 * MINUTE_MS,
  );

  test(
    'is told of a root filesystem that is not there',
    async () => {
      const disk = scratch.join('disk.raw');
      await callOk('qemu-img', ['create', '-q', '-f', 'raw', disk, '64M']);
      const drive = ['-drive', `file=${disk},format=raw,if=virtio`];
      const { end } = await watchMachine([
        ...kernelArguments('00000000-0000-4000-8000-000000000000'),
        ...drive,
      ]);
      expect(end).toMatchObject({
        code: 'E_GUEST_MICROVM',
        reason: expect.stringContaining('no filesystem with UUID 00000000-0000-4000-8000-000000000000'),
      });
    },
    2 * MINUTE_MS,
  );

  const onSmallDisk = isRoot ? test : test.skip;
  onSmallDisk(
    'has a disk for which this host has no room',
    async () => {
      const [disk, uuid] = [scratch.join('disk.raw'), '5a4c0b6e-3f3a-4e0b-9d55-6f6d8f2b0c12'];
      await callOk('mke2fs', ['-q', '-t', 'ext4', '-U', uuid, disk, '64M']);
      const small = scratch.join('small');
      await mkdir(small);
      await callOk('mount', ['-t', 'tmpfs', '-o', 'size=260k', 'tmpfs', small]);
      try {
        const overlay = join(small, 'overlay.qcow2');
        await callOk('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', disk, overlay]);
        const drive = ['-drive', `file=${overlay},format=qcow2,if=virtio`];
        const { end } = await watchMachine([...kernelArguments(uuid), ...drive]);
        expect(end).toMatchObject({
          code: 'E_NO_SPACE',
          isHostFault: true,
          reason: expect.stringContaining("no space is left on this host for the guest's disk"),
        });
      } finally {
        for (const machine of machines.splice(0)) machine.kill('SIGKILL');
        await callOk('umount', ['-l', small]);
      }
    },
    MINUTE_MS,
  );

  test(
    'has no SSH server',
    async () => {
      const disk = scratch.join('disk.raw');
      const { directory = '', rootUuid = '', rootOffsetBytes = 0 } = base ?? {};
      await callOk('qemu-img', ['convert', '-O', 'raw', join(directory, BASE_FILES.disk), disk]);
      await writeFile(scratch.join('commands'), 'rm /usr/sbin/sshd\n');
      await callOk('debugfs', ['-w', '-f', scratch.join('commands'), `${disk}?offset=${rootOffsetBytes}`]);
      const drive = ['-drive', `file=${disk},format=raw,if=virtio`];
      const { end, watch } = await watchMachine([...kernelArguments(rootUuid), '-smp', '1', ...drive]);
      expect(end.code).toBe('E_GUEST_SSHD');
      expect(watch.consoles.lastLines('serial').join('\n')).toContain('SSH server for the build');
      await rm(disk);
    },
    3 * MINUTE_MS,
  );
});
