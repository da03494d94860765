import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/errors/failure.ts';
import { explainInitFailure } from '../../../src/packer/init-failures.ts';

const LINE = 'https://api.github.com/repos/hashicorp/packer-plugin-qemu/git/matching-refs/tags';
const failed = (...lines: readonly string[]): Failure =>
  new Failure('command', 'E_COMMAND_FAILED', 'packer failed with exit code 1', {
    details: [
      'command  packer init project',
      'Failed getting the "github.com/hashicorp/qemu" plugin:',
      ...lines,
    ],
  });

describe('a plugin that cannot be had', () => {
  test.each([
    {
      line: `\t* Get "${LINE}": dial tcp: lookup api.github.com on 192.0.2.53:53: no such host`,
      because: 'no name server knows the address',
    },
    {
      line: `\t* Get "${LINE}": proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused`,
      because: 'the proxy is dead',
    },
  ])('not now: $because', ({ line }) => {
    expect(explainInitFailure(failed('1 error occurred:', line))).toMatchObject({
      kind: 'host',
      code: 'E_PLUGIN_UNREACHABLE',
      message: expect.stringMatching(/^Packer cannot fetch its QEMU plugin now: Get "/),
      evidence: { answer: 'not now' },
    });
  });

  test('for good, as far as anybody can tell', () => {
    expect(explainInitFailure(failed('1 error occurred:', '\t* no release of it fits'))).toMatchObject({
      kind: 'host',
      code: 'E_PLUGIN_REFUSED',
      evidence: { answer: 'definite' },
    });
  });

  test('another failure stays what it is', () => {
    const error = new Failure('interrupted', 'E_INTERRUPTED', 'packer was interrupted');
    expect(explainInitFailure(error)).toBe(error);
  });
});
