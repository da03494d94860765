import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { renderCpio, type ArchiveFile } from '../../../src/disks/cpio.ts';
import { unpackCpio } from './unpack-cpio.ts';

const FILES: readonly ArchiveFile[] = [
  { path: 'finish/finish.sh', data: '#!/bin/sh\necho hi\n', mode: 0o755 },
  { path: 'finish/release-files/0/path', data: '/etc/x' },
  { path: 'top', data: Buffer.from([0, 1, 2, 255]) },
  { path: 'empty', data: '' },
  { path: 'ünïcode/✓', data: '✓' },
];

describe('renderCpio', () => {
  test('directories come before what is in them, once', () => {
    expect(unpackCpio(renderCpio(FILES)).map(({ path }) => path)).toEqual([
      'finish',
      'finish/release-files',
      'finish/release-files/0',
      'ünïcode',
      'finish/finish.sh',
      'finish/release-files/0/path',
      'top',
      'empty',
      'ünïcode/✓',
    ]);
  });

  test('same files, same bytes: no time and no owner of ours is in it', () => {
    expect(renderCpio(FILES).equals(renderCpio(FILES))).toBe(true);
    for (const entry of unpackCpio(renderCpio(FILES))) {
      expect(entry).toMatchObject({ modifiedSeconds: 0, owner: [0, 0] });
    }
  });

  test('no two entries share an inode, which would make them links', () => {
    const inodes = unpackCpio(renderCpio(FILES)).map(({ inode }) => inode);
    expect(new Set(inodes).size).toBe(inodes.length);
  });

  test.each([0, 1, 2, 3, 4, 5, 107, 108, 109, 110])(
    'data and name of %i bytes are padded to four',
    (length) => {
      const data = Buffer.alloc(length, 'd');
      const path = 'n'.repeat(length + 1);
      const archive = renderCpio([{ path, data }]);
      expect(archive.length % 4).toBe(0);
      expect(unpackCpio(archive)).toMatchObject([{ path, mode: 0o100644, data }]);
    },
  );

  test('an archive without files still has its trailer', () => {
    expect(unpackCpio(renderCpio([]))).toEqual([]);
  });

  const cpio = spawnSync('cpio', ['--version']).error === undefined;
  if (!cpio) process.stderr.write('skipped: archives read by the real cpio, because it is not installed\n');
  const testCpio = cpio ? test : test.skip;

  testCpio('the real cpio lists it', () => {
    const listed = execFileSync('cpio', ['-t', '--quiet'], { input: renderCpio(FILES), encoding: 'utf8' });
    expect(listed.trimEnd().split('\n')).toHaveLength(9);
    expect(listed).toContain('finish/release-files/0/path\n');
  });

  testCpio('the real cpio unpacks it, byte for byte', () => {
    const directory = mkdtempSync(join(tmpdir(), 'mintmark-cpio-'));
    try {
      execFileSync('cpio', ['-i', '--quiet', '--no-preserve-owner'], {
        input: renderCpio(FILES),
        cwd: directory,
      });
      for (const { path, data, mode } of FILES) {
        expect(readFileSync(join(directory, path)).equals(Buffer.from(data))).toBe(true);
        expect(statSync(join(directory, path)).mode & 0o777).toBe(mode ?? 0o644);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
