import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findFirmware } from '../../../src/workflows/find-firmware.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mintmark-firmware-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function put(path: string, text = ''): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

const part = (file: string): object => ({ filename: file, format: 'raw' });

function putDescriptor(path: string, name: string, features: readonly string[] = []): Promise<void> {
  const mapping = { executable: part(`/fw/${name}.code`), 'nvram-template': part(`/fw/${name}.vars`) };
  const targets = [{ architecture: 'x86_64' }];
  return put(path, JSON.stringify({ 'interface-types': ['uefi'], mapping, targets, features }));
}

async function putFirmware(...names: string[]): Promise<void> {
  for (const name of names) for (const end of ['code', 'vars']) await put(`fw/${name}.${end}`);
}

/** File name of what is found, or undefined. */
async function found(secureBoot: boolean): Promise<string | undefined> {
  return (await findFirmware({ secureBoot }, root))?.code.slice(root.length + 1);
}

const named = (name: string | undefined): string | undefined => name && `usr/share/OVMF/OVMF_${name}.fd`;

const ENROLLED = ['secure-boot', 'requires-smm', 'enrolled-keys'];

describe('findFirmware', () => {
  test('nothing where there is nothing', async () => {
    expect([await found(false), await found(true)]).toEqual([undefined, undefined]);
  });

  test.each([
    {
      files: ['CODE_4M', 'VARS_4M', 'CODE', 'VARS'],
      plain: 'CODE_4M',
      secure: undefined,
      because: 'the newer is taken, none has keys',
    },
    { files: ['CODE', 'VARS'], plain: 'CODE', secure: undefined, because: 'an older Ubuntu' },
    { files: ['CODE_4M', 'VARS'], plain: undefined, secure: undefined, because: 'both belong together' },
    {
      files: ['CODE_4M.secboot', 'VARS_4M.ms'],
      plain: undefined,
      secure: 'CODE_4M.secboot',
      because: 'keys are in the variables',
    },
    {
      files: ['CODE_4M.ms', 'CODE_4M.secboot', 'VARS_4M.ms'],
      plain: undefined,
      secure: 'CODE_4M.ms',
      because: 'the name that Debian gives the pair',
    },
    {
      files: ['CODE.secboot', 'VARS.ms'],
      plain: undefined,
      secure: 'CODE.secboot',
      because: 'images of 2 MiB',
    },
  ])('without descriptors, $files: $because', async ({ files, plain, secure }) => {
    for (const name of files) await put(`usr/share/OVMF/OVMF_${name}.fd`);
    expect([await found(false), await found(true)]).toEqual([named(plain), named(secure)]);
  });

  test('descriptors come first, in the order of their names, by what they can do', async () => {
    await putFirmware('enrolled', 'setup', 'plain', 'later');
    await putDescriptor('usr/share/qemu/firmware/40.json', 'enrolled', ENROLLED);
    await putDescriptor('usr/share/qemu/firmware/50.json', 'setup', ['secure-boot', 'requires-smm']);
    await putDescriptor('usr/share/qemu/firmware/60.json', 'plain');
    await putDescriptor('usr/share/qemu/firmware/70.json', 'later');
    await put('usr/share/OVMF/OVMF_CODE_4M.fd');
    await put('usr/share/OVMF/OVMF_VARS_4M.fd');
    expect([await found(false), await found(true)]).toEqual(['fw/plain.code', 'fw/enrolled.code']);
  });

  test('the administrator’s descriptor hides one of its name', async () => {
    await putFirmware('own', 'distribution');
    await putDescriptor('usr/share/qemu/firmware/60.json', 'distribution');
    await putDescriptor('etc/qemu/firmware/60.json', 'own');
    expect(await found(false)).toBe('fw/own.code');
    await put('etc/qemu/firmware/60.json', '');
    expect(await found(false)).toBeUndefined();
  });

  test('a descriptor whose files are gone is passed over', async () => {
    await putFirmware('there');
    await putDescriptor('usr/share/qemu/firmware/10.json', 'gone');
    await putDescriptor('usr/share/qemu/firmware/20.json', 'there');
    await put('usr/share/qemu/firmware/15.json', 'no JSON');
    expect(await found(false)).toBe('fw/there.code');
  });
});
