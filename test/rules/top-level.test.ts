import { readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { REPOSITORY } from './source-files.ts';

/** What stands at the top of the repository; files that begin with a dot configure tools. */
const TRACKED = [
  'Jenkinsfile',
  'README.md',
  'http-preseed',
  'package-lock.json',
  'package.json',
  'packer-templates',
  'provisioners',
  'src',
  'test',
  'tsconfig.json',
];

/** What users and tools make there; `.gitignore` names the same. */
const MADE = ['catalogue', 'dist', 'node_modules'];

test('nothing strays into the top level', () => {
  const visible = readdirSync(REPOSITORY).filter((name) => !name.startsWith('.') && !MADE.includes(name));
  expect(visible.toSorted()).toEqual(TRACKED.toSorted());
});
