import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { planMbr, renderMbr } from '../../src/disks/mbr.ts';
import {
  readChangelogs,
  readGuest,
  readRootPartitionOffset,
  type GuestChangelog,
} from '../../src/workflows/read-guest.ts';
import { makeExt4, mke2fsIsMissing } from './ext4-image.ts';

const testHost = mke2fsIsMissing('reading a guest from its disk') ? test.skip : test;
const MIB = 1024 * 1024;

let directory: string;
let disk: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mintmark-guest-'));
  disk = join(directory, 'disk.raw');
  if (testHost === test.skip) return;
  const tree = join(directory, 'tree');
  plantGuest(tree);
  makeExt4(tree, disk, { offset: MIB, sizeMiB: 32 });
  const handle = await open(disk, 'r+');
  await handle.truncate(34 * MIB);
  await handle.write(
    renderMbr(planMbr({ diskSizeBytes: 34 * MIB, swapSizeBytes: 0, diskSignature: 7 })),
    0,
    72,
    440,
  );
  await handle.close();
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const paragraph = (name: string, size: number): string =>
  `Package: ${name}\nStatus: install ok installed\nVersion: 1-1\nArchitecture: all\nInstalled-Size: ${size}\n`;

function plantGuest(tree: string): void {
  const put = (path: string, data: string | Buffer): void => {
    mkdirSync(join(tree, path, '..'), { recursive: true });
    writeFileSync(join(tree, path), data);
  };
  put('var/lib/dpkg/status', `${paragraph('small', 5)}\n${paragraph('large', 900)}`);
  put('usr/lib/os-release', 'ID=debian\nIMAGE_VERSION="26.11.21-2.57"\n');
  mkdirSync(join(tree, 'etc'));
  symlinkSync('../usr/lib/os-release', join(tree, 'etc/os-release'));
  put('boot/vmlinuz-6.1.0-9-amd64', 'older');
  put('boot/vmlinuz-6.1.0-41-amd64', 'newer');
  put('usr/share/doc/large/changelog.Debian.gz', gzipSync('large (1-1) unstable'));
  put('usr/share/doc/large/copyright', 'free');
  symlinkSync('large', join(tree, 'usr/share/doc/small'));
  put('usr/share/big', Buffer.alloc(3 * MIB, 'b'));
  linkSync(join(tree, 'usr/share/big'), join(tree, 'usr/big-too'));
  execFileSync('chmod', ['-R', 'u=rwX,go=rX', tree]);
}

describe('readGuest', () => {
  testHost('tells what is in a disk', async () => {
    const offset = await readRootPartitionOffset(disk);
    expect(offset).toBe(MIB);
    const seen: number[] = [];
    const guest = await readGuest(disk, offset, { onProgress: (done, total) => seen.push(done / total) });
    expect(seen.at(-1)).toBe(1);
    expect(guest.osRelease).toEqual({ ID: 'debian', IMAGE_VERSION: '26.11.21-2.57' });
    expect(guest.packages.map(({ name }) => name)).toEqual(['small', 'large']);
    expect(guest.packagesBySize.map(({ name }) => name)).toEqual(['large', 'small']);
    expect(guest.unfinishedPackages).toEqual([]);
    expect(guest.kernels).toEqual(['6.1.0-9-amd64', '6.1.0-41-amd64']);
    expect(guest.directorySizes[0]?.path).toBe('/');
    expect(guest.directorySizes.find(({ path }) => path === '/usr')?.sizeBytes).toBeLessThan(3.1 * MIB);
    const lines = guest.fileList.split('\n');
    expect(lines).toContain(
      'l 0777 0 0 21 - /etc/os-release -> ../usr/lib/os-release'.replaceAll(
        ' 0 0 ',
        ` ${process.getuid?.()} ${process.getgid?.()} `,
      ),
    );
    const digest = execFileSync('sha256sum', [join(directory, 'tree/usr/share/big')], { encoding: 'utf8' });
    const big = lines.filter((line) => line.includes(digest.slice(0, 64)));
    expect(big.map((line) => line.split(' ').at(-1))).toEqual(['/usr/big-too', '/usr/share/big']);
  });

  testHost('hands out the changelogs once per package that has its own', async () => {
    const found: GuestChangelog[] = [];
    for await (const changelog of readChangelogs(disk, MIB)) found.push(changelog);
    expect(found.map(({ packageName, fileName }) => `${packageName}/${fileName}`)).toEqual([
      'large/changelog.Debian.gz',
    ]);
    expect(found.map(({ data }) => gunzipSync(data).toString())).toEqual(['large (1-1) unstable']);
  });

  testHost('stops when asked to', async () => {
    await expect(readGuest(disk, MIB, { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  });

  testHost('says what is wrong with a disk that is none', async () => {
    await expect(readGuest(disk, 0)).rejects.toMatchObject({ code: 'E_EXT4_DAMAGED' });
    await expect(readGuest(disk, 33 * MIB)).rejects.toMatchObject({ code: 'E_EXT4_DAMAGED' });
    await expect(readGuest(disk, 64 * MIB)).rejects.toMatchObject({ code: 'E_VOLUME_TRUNCATED' });
  });
});
