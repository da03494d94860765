import { describe, expect, test } from '@jest/globals';
import { generatedContext, isGenerated } from '../../../src/guest/generated-files.ts';
import { factsOf, fileOf, type SampleFile } from './sample-hygiene.ts';

const SHIPPED: SampleFile[] = [
  { path: '/boot/vmlinuz-6.1', sha256: 'k' },
  { path: '/usr/lib/grub/i386-pc/acpi.mod', sha256: 'g' },
  { path: '/usr/lib/python3/a.py', sha256: 'p' },
];
const facts = factsOf([...SHIPPED, { path: '/usr/lib/grub/i386-pc/own.mod', sha256: 'o' }], {
  packages: { owners: new Map(SHIPPED.map(({ path }) => [path, 'x'])) },
});

describe('isGenerated', () => {
  test.each<[because: string, file: SampleFile, expected: boolean]>([
    ['an alternative', { path: '/usr/bin/vi', linkTarget: '/etc/alternatives/vi' }, true],
    ['a link to elsewhere', { path: '/usr/bin/vi', linkTarget: '/opt/vi' }, false],
    ['compiled Python of a package', { path: '/usr/lib/python3/__pycache__/a.cpython-311.pyc' }, true],
    ['optimised as well', { path: '/usr/lib/python3/__pycache__/a.cpython-313.opt-1.pyc' }, true],
    ['compiled Python of nobody', { path: '/usr/lib/python3/__pycache__/b.cpython-311.pyc' }, false],
    ['the initramfs of a kernel', { path: '/boot/initrd.img-6.1' }, true],
    ['the initramfs of a kernel that is gone', { path: '/boot/initrd.img-6.0' }, false],
    ["depmod's", { path: '/usr/lib/modules/6.1/modules.dep.bin' }, true],
    ["depmod's for a kernel that is gone", { path: '/usr/lib/modules/6.0/modules.dep.bin' }, false],
    ['a module of nobody', { path: '/usr/lib/modules/6.1/evil.ko' }, false],
    ['the link to the kernel', { path: '/vmlinuz.old', linkTarget: 'boot/vmlinuz-6.1' }, true],
    ['a link of that name to elsewhere', { path: '/vmlinuz', linkTarget: '/tmp/x' }, false],
    ["GRUB's configuration", { path: '/boot/grub/grub.cfg', sha256: 'c' }, true],
    ["a copy of GRUB's", { path: '/boot/grub/i386-pc/acpi.mod', sha256: 'g' }, true],
    ['a module that is no copy', { path: '/boot/grub/i386-pc/acpi.mod', sha256: 'z' }, false],
    ['a copy of what no package owns', { path: '/boot/grub/i386-pc/own.mod', sha256: 'o' }, false],
    ['the hardware database', { path: '/usr/lib/udev/hwdb.bin' }, true],
    ['the archive of locales', { path: '/usr/lib/locale/locale-archive' }, true],
    ['a link in the place of one', { path: '/usr/lib/udev/hwdb.bin', linkTarget: '/x' }, false],
  ])('%s', (_because, file, expected) => {
    expect(isGenerated(fileOf(file), generatedContext(facts))).toBe(expected);
  });
});
