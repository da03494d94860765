import { describe, expect, test } from '@jest/globals';
import { parseIdentity, parseVersion, readVersion } from '../../../src/versions/parse-version.ts';
import { renderVersion, type VersionScheme } from '../../../src/versions/version.ts';

const day = { year: 2026, month: 11, day: 21 };

describe('readVersion accepts', () => {
  const rows: readonly { text: string; scheme?: VersionScheme; is: object; because: string }[] = [
    {
      text: '26.11.21-2.57',
      is: { form: 'long', date: day, rev: 2, build: 57 },
      because: 'LONG is the identity',
    },
    { text: '26.11.21-2', is: { form: 'inter', date: day, rev: 2 }, because: 'INTER is an alias' },
    {
      text: '26.11.21',
      scheme: 'date',
      is: { form: 'short', date: day },
      because: 'the scheme settles what it is',
    },
    {
      text: '26.11.21.57',
      scheme: 'date',
      is: { form: 'wire', date: day, build: 57 },
      because: 'WIRE has no REV',
    },
    {
      text: '20261121_0002.000057',
      is: { form: 'serial', date: day, rev: 2, build: 57 },
      because: 'simplestreams keys are padded',
    },
    {
      text: '20261121_0002.1000057',
      is: { form: 'serial', build: 1_000_057 },
      because: 'BUILD may outgrow its six digits',
    },
    {
      text: '16.4.3',
      scheme: 'date',
      is: { form: 'short', date: { year: 2016, month: 4, day: 3 } },
      because: 'Cosmic began here',
    },
    { text: '28.2.29-1.1', is: { date: { year: 2028, month: 2, day: 29 } }, because: '2028 is a leap year' },
    {
      text: '100.1.1-1.90',
      is: { date: { year: 2100, month: 1, day: 1 } },
      because: 'the year is counted from 2000, not cut to two digits',
    },
    {
      text: '26.11.21-9999.999999999',
      is: { rev: 9999, build: 999_999_999 },
      because: 'both limits are allowed',
    },
    { text: '4.6.0', is: { scheme: 'legacy', parts: [4, 6, 0] }, because: 'below 16 no day is possible' },
    {
      text: '4.19.1.3',
      is: { scheme: 'legacy', parts: [4, 19, 1, 3] },
      because: 'CloudStack has four-part versions',
    },
    {
      text: '24.1.1',
      scheme: 'legacy',
      is: { scheme: 'legacy', parts: [24, 1, 1] },
      because: 'a product version, said aloud',
    },
    { text: '15.12.31', is: { scheme: 'legacy' }, because: 'the last first field that cannot be a year' },
  ];
  test.each(rows)('$text: $because', ({ text, scheme, is }) => {
    const reading = readVersion(text, scheme);
    expect(reading).toMatchObject({ version: is });
    if ('version' in reading) expect(renderVersion(reading.version)).toBe(text);
  });
});

describe('readVersion refuses', () => {
  const rows: readonly { text: string; scheme?: VersionScheme; paths: string[]; because: string }[] = [
    { text: '24.1.1', paths: ['.'], because: 'it could be 2024-01-01 or CloudStack 24.1.1' },
    { text: '26.11.21', paths: ['.'], because: 'a bare SHORT fits both schemes too' },
    { text: '26.11.21.57', paths: ['.'], because: 'so does WIRE' },
    {
      text: '26.13.32-0.x',
      paths: ['.date.month', '.date.day', '.rev', '.build'],
      because: 'every fault is told at once',
    },
    { text: '26.2.29-1.1', paths: ['.date'], because: '2026 is no leap year' },
    { text: '100.2.29-1.1', paths: ['.date'], because: '2100 is no leap year either' },
    {
      text: '26.2.29',
      paths: ['.date'],
      because: 'a day that does not exist is more likely a slip than a product version',
    },
    { text: '26.11.31-1.1', paths: ['.date'], because: 'November has 30 days' },
    { text: '15.11.21-1.1', paths: ['.date.year'], because: 'the date scheme began in 2016' },
    { text: '1000.1.1-1.1', paths: ['.date.year'], because: 'three digits of year are the limit' },
    { text: '4.6.0', scheme: 'date', paths: ['.date.year', '.date.day'], because: 'the scheme was given' },
    { text: '26.04.03-1.1', paths: ['.date.month', '.date.day'], because: 'semver knows no leading zeros' },
    { text: '26.11.21-02.57', paths: ['.rev'], because: 'neither in REV' },
    { text: '26.11.21-0.57', paths: ['.rev'], because: 'REV 0 is never released' },
    { text: '26.11.21-1.0', paths: ['.build'], because: 'BUILD starts at 1' },
    { text: '26.11.21-1.-0', paths: ['.'], because: 'there is one dash' },
    { text: '26.11.21-10000.1', paths: ['.rev'], because: 'SERIAL has four digits for REV' },
    { text: '26.11.21-1.1000000000', paths: ['.build'], because: 'consumers keep BUILD in 32 bits' },
    { text: '26.11.21-1.57\n', paths: ['.'], because: 'a trailing newline is no part of a version' },
    { text: ' 26.11.21-1.57', paths: ['.'], because: 'neither is a space' },
    { text: 'v26.11.21-1.57', paths: ['.'], because: 'node-semver would let the v pass' },
    {
      text: ' v26.13.1-1.1',
      paths: ['.', '.', '.date.month'],
      because: 'wrapping and content are checked together',
    },
    { text: '٢٦.11.21-1.57', paths: ['.date.year'], because: 'only ASCII digits count' },
    { text: '26.11.21-2.57+5', paths: ['.build'], because: 'OCI tags know no plus sign' },
    { text: '26.11.21-2.57~rc', paths: ['.build'], because: 'dpkg would sort it below' },
    { text: '26.11.21-0.dev.g1a2b3c4', paths: ['.'], because: 'development builds are never filed' },
    { text: '26.11', paths: ['.'], because: 'a day has three fields' },
    { text: '', paths: ['.'], because: 'nothing is no version' },
    { text: '9'.repeat(300), paths: ['.'], because: 'absurdly long text is not quoted back' },
    { text: '2026112_0002.000057', paths: ['.date'], because: 'the day of SERIAL has eight digits' },
    { text: '20261121_2.57', paths: ['.rev', '.build'], because: 'SERIAL is padded' },
    { text: '20261121_0002.0000057', paths: ['.build'], because: 'one release has one SERIAL' },
    { text: '20261321_0002.000057', paths: ['.date.month'], because: 'SERIAL holds a real day' },
    { text: '4.6', scheme: 'legacy', paths: ['.'], because: 'legacy versions have three or four numbers' },
    {
      text: '4.06.x',
      scheme: 'legacy',
      paths: ['.parts[1]', '.parts[2]'],
      because: 'all faults, in legacy too',
    },
    { text: '0.1.5', paths: ['.parts[0]'], because: 'date +%-y prints 0 in the year 2100' },
    { text: '26.11.21-2.57', scheme: 'legacy', paths: ['.parts[2]'], because: 'the scheme was given' },
  ];
  test.each(rows)('$text ($because)', ({ text, scheme, paths }) => {
    const reading = readVersion(text, scheme);
    expect('faults' in reading ? reading.faults.map((fault) => fault.path) : reading).toEqual(paths);
  });
});

test('the failure names every fault and what to do', () => {
  expect(() => parseVersion('24.1.1')).toThrow(
    expect.objectContaining({
      kind: 'usage',
      code: 'E_VERSION_INVALID',
      hint: expect.stringContaining('--scheme date or --scheme legacy'),
      details: [expect.stringContaining('could be the day 2024-01-01 or a product version')],
    }),
  );
});

test('an alias is refused where one release must be named', () => {
  expect(parseIdentity('26.11.21-2.57')).toEqual({ scheme: 'date', date: day, rev: 2, build: 57 });
  for (const alias of ['26.11.21', '26.11.21-2', '26.11.21.57']) {
    expect(() => parseIdentity(alias)).toThrow(/is an alias/);
  }
});
