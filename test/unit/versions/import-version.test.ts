import { describe, expect, test } from '@jest/globals';
import { parseGivenVersion } from '../../../src/versions/import-version.ts';

const DAYS = {
  today: { year: 2026, month: 11, day: 21 },
  made: { year: 2016, month: 4, day: 3 },
};
const DATE = { year: 2026, month: 11, day: 21 };

describe('parseGivenVersion', () => {
  test.each([
    { text: '26.11.21-2.57', given: { date: DATE, rev: 2, build: 57 }, because: 'it says all' },
    { text: '20261121_0002.000057', given: { date: DATE, rev: 2, build: 57 }, because: 'so does SERIAL' },
    { text: '26.11.21-2', given: { date: DATE, rev: 2 }, because: 'BUILD is left to the line' },
    {
      text: '26.11.21',
      given: { date: DATE, rev: 1 },
      because: 'a day begins with REV 1; today is not too late',
    },
  ])('$text: $because', ({ text, given }) => {
    expect(parseGivenVersion(text, DAYS)).toEqual(given);
  });

  test.each([
    {
      text: '4.6.0',
      code: 'E_VERSION_LEGACY',
      hint: 'such as 16.4.3',
      because: 'no dated version could follow it',
    },
    { text: '26.11.22', code: 'E_VERSION_DATE', hint: 'such as 16.4.3', because: 'nothing is made tomorrow' },
    { text: '26.11.21.57', code: 'E_VERSION_INVALID', hint: '16.4.3-1.57', because: 'WIRE has no REV' },
    { text: 'latest', code: 'E_VERSION_INVALID', hint: undefined, because: 'that floats' },
    { text: '26.2.30-1.1', code: 'E_VERSION_INVALID', hint: undefined, because: 'there is no such day' },
    { text: '', code: 'E_VERSION_INVALID', hint: undefined, because: 'nothing was given' },
  ])('"$text" is refused: $because', ({ text, code, hint }) => {
    expect(() => parseGivenVersion(text, DAYS)).toThrow(
      expect.objectContaining({
        kind: 'usage',
        code,
        ...(hint === undefined ? {} : { hint: expect.stringContaining(hint) }),
      }),
    );
  });
});
