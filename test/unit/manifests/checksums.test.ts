import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { renderChecksums } from '../../../src/manifests/checksums.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

test('sha256sum accepts the list', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mintmark-sums-'));
  const files = ['b.qcow2', 'a+b.txt', 'Z.json'];
  for (const file of files) writeFileSync(join(directory, file), file);
  const list = renderChecksums(files.map((file) => ({ file, sha256: digest(file) })));
  writeFileSync(join(directory, 'SHA256SUMS'), list);
  const verdict = execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], {
    cwd: directory,
    encoding: 'utf8',
  });
  rmSync(directory, { recursive: true });
  expect(verdict).toBe('Z.json: OK\na+b.txt: OK\nb.qcow2: OK\n');
});

test('a name that would need escapes is a bug of the caller', () => {
  expect(() => renderChecksums([{ file: 'a\nb', sha256: digest('') }])).toThrow(RangeError);
});
