import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { rememberedVersion } from '../../../src/workflows/remembered-version.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('remembered');
const BINARY = Buffer.alloc(1024 * 1024, 1);
let asked = 0;

function versionOf(program: string, cache = join(scratch.path, 'cache')): Promise<string> {
  return rememberedVersion(cache, program, () => {
    asked += 1;
    return Promise.resolve(`1.6.${asked}`);
  });
}

describe('rememberedVersion', () => {
  let program = '';
  beforeEach(async () => {
    asked = 0;
    program = join(scratch.path, `packer-${Math.random()}`);
    await writeFile(program, BINARY);
  });

  test('asks once', async () => {
    expect(await versionOf(program)).toBe('1.6.1');
    expect(await versionOf(program)).toBe('1.6.1');
  });

  test('asks again when the file was replaced by another of the same size', async () => {
    await versionOf(program);
    await rm(program);
    await writeFile(program, BINARY);
    expect(await versionOf(program)).toBe('1.6.2');
  });

  test('asks a script every time: it may lead elsewhere tomorrow', async () => {
    await writeFile(program, '#!/bin/sh\nexec packer "$@"\n');
    await versionOf(program);
    expect(await versionOf(program)).toBe('1.6.2');
  });

  test('asks when the cache cannot be written', async () => {
    await versionOf(program, '/dev/null/cache');
    expect(await versionOf(program, '/dev/null/cache')).toBe('1.6.2');
  });

  test('remembers no failure', async () => {
    const cache = join(scratch.path, 'cache');
    const broken = rememberedVersion(cache, program, () => Promise.reject(new Error('no version')));
    await expect(broken).rejects.toThrow('no version');
    expect(await versionOf(program)).toBe('1.6.1');
  });
});
