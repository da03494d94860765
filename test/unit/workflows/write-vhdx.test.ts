import { expect, test } from '@jest/globals';
import { vhdxCommand } from '../../../src/workflows/write-vhdx.ts';

test.each<[string, string, string]>([
  ['/disks/a.raw', 'file:/disks/a.raw', 'an absolute path stays'],
  ['a.raw', `file:${process.cwd()}/a.raw`, 'QEMU is never asked to guess from where'],
  ['/disks/nbd:localhost', 'file:/disks/nbd:localhost', 'a colon in a name is no protocol'],
  ['json:{"driver":"nbd"}', `file:${process.cwd()}/json:{"driver":"nbd"}`, 'nor is a whole name'],
])('qemu-img is given %j as %j: %s', (path, given, _because) => {
  const { command, args } = vhdxCommand(path, path);
  expect([command, ...args]).toEqual([
    'qemu-img',
    'convert',
    '-p',
    '-f',
    'raw',
    '-O',
    'vhdx',
    '-o',
    'subformat=dynamic,block_state_zero=on,block_size=1048576,log_size=1048576',
    given,
    given,
  ]);
});
