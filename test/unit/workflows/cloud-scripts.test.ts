import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { makeCloudScripts, PATCHED_FILE } from '../../../src/workflows/cloud-scripts.ts';

test('tar reads the archive, and it is the same every time', () => {
  const archive = makeCloudScripts();
  expect(execFileSync('tar', ['-tzf', '-'], { input: archive, encoding: 'utf8' })).toBe(`${PATCHED_FILE}\n`);
  const content = execFileSync('tar', ['-xzOf', '-', PATCHED_FILE], { input: archive, encoding: 'utf8' });
  expect(content).toBe('patched by a test\n');
  expect(Buffer.from(makeCloudScripts()).equals(archive)).toBe(true);
});
