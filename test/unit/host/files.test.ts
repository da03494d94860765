import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createFileExclusively,
  isSystemError,
  readJsonObjectIfExists,
  readTextIfExists,
  writeFileAtomically,
} from '../../../src/host/files.ts';
import { findProgram, findProgramIfAny } from '../../../src/host/find-program.ts';
import { readFreeSpace, readUsedBytes } from '../../../src/host/free-space.ts';
import { findReadableKernel, requireReadableKernel } from '../../../src/host/host-kernel.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mintmark-files-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('writing', () => {
  test('atomically: makes the directories, replaces, sets the mode, leaves nothing else', async () => {
    const path = join(directory, 'a/b/file');
    await writeFileAtomically(path, 'one');
    await writeFileAtomically(path, 'two', 0o600);
    expect(await readFile(path, 'utf8')).toBe('two');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(directory, 'a/b'))).toEqual(['file']);
  });

  test('atomically onto a directory fails and leaves nothing', async () => {
    await mkdir(join(directory, 'taken/full'), { recursive: true });
    await expect(writeFileAtomically(join(directory, 'taken'), 'x')).rejects.toThrow('EISDIR');
    expect(await readdir(directory)).toEqual(['taken']);
  });

  test('exclusively: one of many wins', async () => {
    const path = join(directory, 'new/file');
    const all = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => createFileExclusively(path, String(index))),
    );
    expect(all.filter(Boolean)).toHaveLength(1);
    expect(await readFile(path, 'utf8')).toBe(String(all.indexOf(true)));
  });
});

describe('reading', () => {
  test('a file that is not there is undefined, below a file too; other errors are errors', async () => {
    await writeFile(join(directory, 'file'), 'text');
    expect(await readTextIfExists(join(directory, 'file'))).toBe('text');
    expect(await readTextIfExists(join(directory, 'none'))).toBeUndefined();
    expect(await readTextIfExists(join(directory, 'file/below'))).toBeUndefined();
    const error: unknown = await readTextIfExists(directory).catch((reason: unknown) => reason);
    expect(isSystemError(error, 'EISDIR')).toBe(true);
    expect(isSystemError(error, 'ENOENT')).toBe(false);
  });

  test.each([
    { text: '{"a":1}', value: { a: 1 }, because: 'an object' },
    { text: '{"a":', value: undefined, because: 'cut short' },
    { text: '', value: undefined, because: 'empty' },
    { text: '[1]', value: undefined, because: 'a list' },
    { text: 'null', value: undefined, because: 'nothing' },
  ])('JSON: $because', async ({ text, value }) => {
    await writeFile(join(directory, 'file'), text);
    expect(await readJsonObjectIfExists(join(directory, 'file'))).toEqual(value);
  });
});

describe('findProgram', () => {
  test('searches PATH in order, takes only what can be executed, and no directory', async () => {
    for (const name of ['one', 'two', 'three']) await mkdir(join(directory, name));
    await mkdir(join(directory, 'one/tool'));
    await writeFile(join(directory, 'two/tool'), '', { mode: 0o644 });
    await writeFile(join(directory, 'three/tool'), '', { mode: 0o755 });
    const path = ['one', 'two', 'three'].map((name) => join(directory, name)).join(':');
    expect(await findProgram('tool', path)).toBe(join(directory, 'three/tool'));
    await expect(findProgram('other', path)).rejects.toMatchObject({ code: 'E_TOOL_MISSING' });
  });

  test('a name with a slash is not searched for', async () => {
    await writeFile(join(directory, 'tool'), '', { mode: 0o755 });
    expect(await findProgramIfAny(join(directory, 'tool'), '')).toBe(join(directory, 'tool'));
    expect(await findProgramIfAny(join(directory, 'none'), directory)).toBeUndefined();
  });
});

const kernel = async (release: string, modules = true): Promise<void> => {
  await mkdir(join(directory, 'boot'), { recursive: true });
  await writeFile(join(directory, 'boot', `vmlinuz-${release}`), '');
  if (modules) await mkdir(join(directory, 'modules', release), { recursive: true });
};
const found = async () => findReadableKernel(join(directory, 'boot'), join(directory, 'modules'));

describe('findReadableKernel', () => {
  test('takes the newest that has modules', async () => {
    for (const release of ['6.1.0-9-amd64', '6.1.0-56-amd64', '6.1.0-10-amd64']) await kernel(release);
    await kernel('6.12.0-1-amd64', false);
    expect(await found()).toBe(join(directory, 'boot/vmlinuz-6.1.0-56-amd64'));
  });

  test('a build that needs one says what helps', () => {
    expect(() => requireReadableKernel(undefined)).toThrow(
      expect.objectContaining({
        kind: 'host',
        code: 'E_NO_KERNEL',
        hint: expect.stringMatching(/linux-image.*trim/),
      }),
    );
    expect(() => requireReadableKernel('/boot/vmlinuz-6.1.0-1-amd64')).not.toThrow();
  });

  test('none is undefined, without /boot too, and a link to nothing is none', async () => {
    expect(await found()).toBeUndefined();
    await kernel('6.1.0-1-amd64');
    await rm(join(directory, 'boot/vmlinuz-6.1.0-1-amd64'));
    await symlink('/nowhere', join(directory, 'boot/vmlinuz-6.1.0-1-amd64'));
    expect(await found()).toBeUndefined();
  });

  (process.getuid?.() === 0 ? test.skip : test)('one that only root may read is none', async () => {
    await kernel('6.1.0-1-amd64');
    await chmod(join(directory, 'boot/vmlinuz-6.1.0-1-amd64'), 0o000);
    expect(await found()).toBeUndefined();
  });
});

describe('space', () => {
  test('is asked of the nearest parent that exists', async () => {
    const here = await readFreeSpace(directory);
    expect(here.freeBytes).toBeGreaterThan(0);
    const there = await readFreeSpace(join(directory, 'not/yet/there'));
    expect(there.device).toBe(here.device);
    expect(Math.abs(there.freeBytes - here.freeBytes)).toBeLessThan(2 ** 30);
  });

  test('of another file system is another’s', async () => {
    expect((await readFreeSpace('/proc/self')).device).not.toBe((await readFreeSpace(directory)).device);
  });

  test('in use counts blocks, not the length of sparse files', async () => {
    expect(await readUsedBytes(join(directory, 'none'))).toBe(0);
    await mkdir(join(directory, 'deep/er'), { recursive: true });
    await writeFile(join(directory, 'deep/er/file'), Buffer.alloc(100_000, 1));
    const used = await readUsedBytes(directory);
    expect(used).toBeGreaterThanOrEqual(100_000);
    expect(used).toBeLessThan(200_000);
  });
});
