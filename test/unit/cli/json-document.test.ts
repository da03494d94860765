import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/errors/failure.ts';
import { failureDocument, outcomeDocument } from '../../../src/cli/json-document.ts';

const failure = new Failure('command', 'E_GUEST', 'no SSH', {
  hint: 'try',
  facts: [{ label: 'reason', lines: ['one', 'two'] }],
  details: ['d'],
  evidence: { burnt: 57 },
});

describe('JSON documents', () => {
  test('a good end is ok with the members of the outcome', () => {
    expect(outcomeDocument({ document: { path: '/x' } })).toEqual({ ok: true, path: '/x' });
  });

  test('a failure carries everything a program needs, and the burnt number at the top', () => {
    expect(failureDocument(failure)).toEqual({
      ok: false,
      error: {
        kind: 'command',
        facts: { reason: ['one', 'two'] },
        code: 'E_GUEST',
        message: 'no SSH',
        hint: 'try',
        details: ['d'],
        evidence: { burnt: 57 },
      },
      burnt: 57,
    });
  });

  test('an outcome with a failure shows both', () => {
    expect(outcomeDocument({ document: { checks: [] }, failure })).toMatchObject({
      ok: false,
      checks: [],
      burnt: 57,
    });
  });

  test('a bug has a kind and a stack of its own', () => {
    expect(failureDocument(new TypeError('x'))).toMatchObject({
      ok: false,
      error: {
        kind: 'bug',
        code: 'E_BUG',
        message: 'x',
        evidence: { stack: expect.stringContaining('TypeError: x') },
      },
    });
  });
});
