import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/errors/failure.ts';
import { InvalidDocument } from '../../../src/errors/fault.ts';
import { renderFailure } from '../../../src/cli/render-failure.ts';
import { createTextStyle, PLAIN_STYLE } from '../../../src/cli/text-style.ts';

const layout = { width: 60, style: PLAIN_STYLE };

describe('renderFailure', () => {
  test('message, reason, details, hint and exit code', () => {
    const failure = new Failure('command', 'E_X', 'the guest never brought up SSH', {
      details: ['serial  … ALERT!', '        … Dropping to a shell!'],
      hint: 'npm run build -- --resume r1',
      cause: new Error('its root filesystem was not found'),
    });
    expect(renderFailure(failure, layout)).toBe(
      [
        '✖ the guest never brought up SSH',
        '',
        '  reason  its root filesystem was not found',
        '  serial  … ALERT!',
        '          … Dropping to a shell!',
        '',
        '  hint  npm run build -- --resume r1                  exit 5',
      ].join('\n'),
    );
  });

  test('a document shows its faults right below its name', () => {
    const failure = new InvalidDocument('profiles/edge.yaml', [
      { path: '.disk.sizeMib', message: 'unknown key; did you mean sizeMiB?' },
      { path: '.name', message: 'is empty' },
    ]);
    expect(renderFailure(failure, layout).split('\n')).toEqual([
      'profiles/edge.yaml has 2 faults',
      '  .disk.sizeMib  unknown key; did you mean sizeMiB?',
      '  .name          is empty                             exit 3',
    ]);
  });

  test.each([
    { message: 'short', lines: 1, because: 'the code fits beside the message' },
    { message: 'm'.repeat(70), lines: 2, because: 'the code goes below a long line' },
  ])('the exit code of a lone message: $because', ({ message, lines }) => {
    const text = renderFailure(new Failure('usage', 'E_X', message), layout);
    expect(text.split('\n')).toHaveLength(lines);
    expect(text.endsWith('exit 2')).toBe(true);
  });

  test('a cause that was already told is not told again', () => {
    const failure = new Failure('host', 'E_X', 'cannot write: ENOSPC', { cause: new Error('ENOSPC') });
    expect(renderFailure(failure, layout)).not.toContain('reason');
  });

  test('control characters from programs do not reach the terminal', () => {
    const failure = new Failure('command', 'E_X', 'failed', { details: ['\x1b[31mred\x07\x1b[2J'] });
    const text = renderFailure(failure, layout);
    expect(text).toContain('  red');
    expect(/[\x07\x1b]/.test(text)).toBe(false);
  });

  test('anything else is a bug, with its stack', () => {
    const text = renderFailure(new TypeError('x is undefined'), layout);
    expect(text).toContain('this is a bug in Mintmark');
    expect(text).toContain('TypeError: x is undefined');
    expect(text).toMatch(/ at .*render-failure\.test/);
    expect(text.endsWith('exit 1')).toBe(true);
  });

  test('a thrown non-error is a bug too', () => {
    expect(renderFailure('oops', layout)).toContain('thrown value: oops');
  });

  test('colours only when asked', () => {
    const failure = new Failure('usage', 'E_X', 'wrong');
    expect(renderFailure(failure, { width: 60, style: createTextStyle(true) })).toContain('\x1b[31m✖');
    expect(renderFailure(failure, layout)).not.toContain('\x1b');
  });
});
