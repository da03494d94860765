import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/errors/failure.ts';
import { explainRunError } from '../../../src/workflows/run-errors.ts';

const systemError = (code: string): Error => Object.assign(new Error(`${code}: oh, write`), { code });
const failed = (line: string, code = 'E_COMMAND_FAILED'): Failure =>
  new Failure('command', code, 'qemu-img failed with exit code 1', { details: ['command  qemu-img', line] });

describe('what an error of a run says about this host', () => {
  test.each([
    { error: systemError('ENOSPC'), code: 'E_NO_SPACE', because: 'our own write found the disk full' },
    { error: systemError('EDQUOT'), code: 'E_NO_SPACE', because: 'a quota is as good as a full disk' },
    { error: systemError('EROFS'), code: 'E_RUN_UNWRITABLE', because: 'the file system went read-only' },
    {
      error: failed('qemu-img: error while writing at byte 0: No space left on device'),
      code: 'E_NO_SPACE',
      because: 'a program found the disk full',
    },
  ])('$code, as $because', ({ error, code }) => {
    expect(explainRunError(error, '/runs/r')).toMatchObject({ kind: 'host', code });
  });

  test.each([
    { error: failed('qemu-img: Could not open'), because: 'the program failed otherwise' },
    { error: failed('No space left on device', 'E_PROVISIONER_FAILED'), because: "it is the guest's disk" },
    { error: new TypeError('a bug'), because: 'a bug is a bug' },
    { error: systemError('ENOENT'), because: 'a file of ours that is missing is a bug, too' },
  ])('stays what it is: $because', ({ error }) => {
    expect(explainRunError(error, '/runs/r')).toBe(error);
  });
});
