import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { linkSurely, makeDirectory, removeSurely, renameSurely } from '../../../src/host/sure-files.ts';

let directory = '';
const at = (name: string): string => join(directory, name);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mintmark-sure-'));
  await writeFile(at('mine'), 'same');
  await writeFile(at('theirs'), 'same');
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

test('a link that is there already, to the very file, is made', async () => {
  await linkSurely(at('mine'), at('new'));
  await linkSurely(at('mine'), at('new'));
  expect((await readdir(directory)).toSorted()).toEqual(['mine', 'new', 'theirs']);
});

test.each([
  { from: 'mine', to: 'theirs', code: 'EEXIST', because: 'equal content is not the same file' },
  { from: 'nothing', to: 'new', code: 'ENOENT', because: 'there is nothing to link' },
  { from: 'nothing', to: 'nothing', code: 'ENOENT', because: 'two absent files are not one' },
  { from: 'mine', to: 'theirs/new', code: 'ENOTDIR', because: 'no error but that of the call is told' },
])('a link is refused: $because', async ({ from, to, code }) => {
  await expect(linkSurely(at(from), at(to))).rejects.toMatchObject({ code });
});

test('files, links and directories are renamed', async () => {
  await mkdir(at('directory'));
  await symlink('nowhere', at('link'));
  for (const name of ['mine', 'directory', 'link']) await renameSurely(at(name), at(`${name}.new`));
  expect((await readdir(directory)).toSorted()).toEqual(['directory.new', 'link.new', 'mine.new', 'theirs']);
});

test.each([
  { from: 'nothing', to: 'theirs', code: 'ENOENT', because: 'what is there is not what was to come' },
  { from: 'nothing', to: 'new', code: 'ENOENT', because: 'there is nothing at all' },
  { from: 'mine', to: 'none/new', code: 'ENOENT', because: 'the directory is missing' },
])('a renaming is refused: $because', async ({ from, to, code }) => {
  await expect(renameSurely(at(from), at(to))).rejects.toMatchObject({ code });
  expect(await readFile(at('theirs'), 'utf8')).toBe('same');
});

test('removing and making say no more than that it is so', async () => {
  await removeSurely(at('mine'));
  await removeSurely(at('mine'));
  await makeDirectory(at('a/b'));
  await makeDirectory(at('a/b'));
  expect((await readdir(directory)).toSorted()).toEqual(['a', 'theirs']);
  await expect(removeSurely(at('a'))).rejects.toMatchObject({ code: 'ERR_FS_EISDIR' });
  await expect(makeDirectory(at('theirs'))).rejects.toMatchObject({ code: 'EEXIST' });
});
