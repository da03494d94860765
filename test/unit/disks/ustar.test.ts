import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { renderTarHeader, tarSizeAfter } from '../../../src/disks/ustar.ts';

const member = { name: 'disk.ovf', sizeBytes: 1234, modifiedSeconds: 1_763_700_000 };
const invalid = expect.objectContaining({ kind: 'usage', code: 'E_TAR_MEMBER' });

describe('renderTarHeader', () => {
  test.each([
    { at: 0, text: 'disk.ovf\0', because: 'the name, without a path' },
    { at: 100, text: '0000644\0', because: 'readable by everyone' },
    { at: 108, text: '0000000\0', because: 'owned by nobody of ours' },
    { at: 116, text: '0000000\0', because: 'and no group' },
    { at: 124, text: '00000002322\0', because: 'the size in eleven octal digits' },
    { at: 136, text: '15107766440\0', because: 'the time that was passed in' },
    { at: 156, text: '0', because: 'a regular file' },
    { at: 257, text: 'ustar\x0000', because: 'POSIX' },
    { at: 265, text: '\0'.repeat(247), because: 'no names of owners, no devices, no prefix' },
  ])('at $at: $because', ({ at, text }) => {
    expect(renderTarHeader(member).toString('latin1', at, at + text.length)).toBe(text);
  });

  test('the checksum counts its own field as blanks', () => {
    const header = renderTarHeader(member);
    const stated = Number.parseInt(header.toString('latin1', 148, 154), 8);
    header.fill(' ', 148, 156);
    expect(stated).toBe(header.reduce((sum, byte) => sum + byte, 0));
  });

  test.each([
    {
      sizeBytes: 8 ** 11 - 1,
      hex: '373737373737373737373700',
      magic: 'ustar\x0000',
      because: 'it just fits',
    },
    {
      sizeBytes: 8 ** 11,
      hex: '800000000000000200000000',
      magic: 'ustar  \0',
      because: 'GNU writes it in binary',
    },
    { sizeBytes: 2 ** 40 + 5, hex: '800000000000010000000005', magic: 'ustar  \0', because: 'up to 2^53' },
  ])('a size of $sizeBytes: $because', ({ sizeBytes, hex, magic }) => {
    const header = renderTarHeader({ ...member, sizeBytes });
    expect(header.toString('hex', 124, 136)).toBe(hex);
    expect(header.toString('latin1', 257, 265)).toBe(magic);
  });

  test.each([
    { wrong: { name: '' }, because: 'a file has a name' },
    { wrong: { name: 'a/b' }, because: 'names have no path' },
    { wrong: { name: 'a b' }, because: 'a blank ends a name in a URI' },
    { wrong: { name: 'é' }, because: 'readers disagree on anything but ASCII' },
    { wrong: { name: 'x'.repeat(101) }, because: 'the field has 100 bytes' },
    { wrong: { modifiedSeconds: -1 }, because: 'there is no time before 1970' },
    { wrong: { modifiedSeconds: 1.5 }, because: 'times are whole seconds' },
    { wrong: { modifiedSeconds: 8 ** 11 }, because: 'the field has eleven octal digits' },
  ])('refuses $wrong: $because', ({ wrong }) => {
    expect(() => renderTarHeader({ ...member, ...wrong })).toThrow(invalid);
  });

  const missing = spawnSync('tar', ['--version']).error !== undefined;
  if (missing) process.stderr.write('skipped: archives against tar, which is not installed\n');
  (missing ? test.skip : test).each([1234, 8 ** 11, 2 ** 45])('tar reads a size of %d', (sizeBytes) => {
    const directory = mkdtempSync(join(tmpdir(), 'mintmark-ustar-'));
    writeFileSync(join(directory, 'x.tar'), renderTarHeader({ ...member, sizeBytes }));
    const { stdout } = spawnSync('tar', ['tvf', 'x.tar', '--utc'], { cwd: directory, encoding: 'utf8' });
    expect(stdout).toMatch(new RegExp(`^-rw-r--r-- 0/0 +${sizeBytes} 2025-11-21 04:40 disk.ovf\n`));
    rmSync(directory, { recursive: true });
  });
});

test.each([
  { end: 0, size: 10_240, because: 'two empty blocks, filled up to a record' },
  { end: 9216, size: 10_240, because: 'they just fit' },
  { end: 9728, size: 20_480, because: 'they do not' },
])('an archive whose members end at $end: $because', ({ end, size }) => {
  expect(tarSizeAfter(end)).toBe(size);
});
