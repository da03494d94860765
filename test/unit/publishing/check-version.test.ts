import { describe, expect, test } from '@jest/globals';
import {
  checkConsumer,
  compatOf,
  isVersionConsumer,
  VERSION_CONSUMER_IDS,
  type VersionConsumerId,
} from '../../../src/publishing/check-version.ts';
import type { RouterFate } from '../../../src/publishing/version-consumer.ts';
import { parseIdentity } from '../../../src/versions/parse-version.ts';

interface Row {
  readonly text: string;
  readonly min?: string;
  readonly accepted: boolean;
  readonly reason?: string;
  readonly reads?: string;
  readonly router?: RouterFate;
  readonly use?: string;
  readonly because: string;
}

function expectVerdict(consumer: VersionConsumerId, row: Row): void {
  const verdict = checkConsumer(consumer, row.text, row.min);
  expect(verdict).toMatchObject({
    consumer,
    version: row.text,
    accepted: row.accepted,
    ...(row.reads === undefined ? {} : { reads: row.reads }),
    ...(row.use === undefined ? {} : { use: row.use }),
    ...(row.router === undefined ? {} : { router: row.router }),
    ...(row.reason === undefined ? {} : { reason: expect.stringContaining(row.reason) }),
  });
  if (!row.accepted) expect(verdict.reason).toMatch(/^[^\n]+$/);
}

const LINE = 'Cosmic Release 16.4.3 Sun Apr 3 12:00:00 UTC 2016';

describe('cosmic', () => {
  const rows: readonly Row[] = [
    { text: '16.4.3', min: '16.4.1', accepted: true, router: 'accepted', because: 'newer than the minimum' },
    {
      text: '16.3.22',
      min: '16.4.1',
      accepted: false,
      reason: 'lower than 16.4.1',
      router: 'told to upgrade',
      because: 'a month earlier',
    },
    {
      text: '4.6.0',
      min: '16.4.1',
      accepted: false,
      reason: 'lower than 16.4.1',
      because: 'every date outranks every 4.x',
    },
    { text: '4.6.0', accepted: true, because: 'the minimum is 4.6.0 unless it is set' },
    { text: '4.5.9', accepted: false, reason: 'lower than 4.6.0', because: 'below the default minimum' },
    { text: '16.4', min: '16.4.0', accepted: false, because: 'on a tie the shorter one is lower' },
    { text: '16.4.0', min: '16.4', accepted: true, because: 'and the longer one higher' },
    { text: '26.11.21.57', min: '26.11.21', accepted: true, because: 'WIRE is above its SHORT' },
    { text: '26.11.21.57', min: '26.11.21.58', accepted: false, because: 'WIRE tells rebuilds apart' },
    { text: '26.11.21.2.57', accepted: true, because: 'any count of numbers is taken' },
    { text: '16.04.3', min: '16.4.3', accepted: true, because: 'numbers are compared, zeros and all' },
    {
      text: '26.11.21-2.57',
      accepted: false,
      reads: '0',
      reason: 'counts as 0',
      router: 'told to upgrade',
      because: 'a dash makes it malformed, which is the lowest version and no error',
    },
    {
      text: 'nonsense',
      min: '0',
      accepted: false,
      router: 'accepted',
      because: '0 is not below 0, so such a server would not mind',
    },
    { text: '', accepted: false, reads: '0', because: 'nothing is malformed' },
    { text: LINE, accepted: true, reads: '16.4.3', because: 'of a release line the third word counts' },
    { text: `${LINE}&0a1b2c`, accepted: true, reads: '16.4.3', because: 'the signature is cut off' },
    { text: 'Cosmic 16.4.3', accepted: false, reads: '0', because: 'the second word does not count' },
    { text: '26.11.21\n', accepted: false, reads: '0', because: 'a newline is no digit' },
    { text: '٢٦.١١.٢١', accepted: false, reads: '0', because: 'digits are 0 to 9' },
    { text: '26.11.21.4000000000', accepted: true, because: 'numbers have 63 bits' },
    {
      text: '26.11.21.9223372036854775808',
      min: '26.11.21.1',
      accepted: false,
      router: 'exception',
      reason: 'NumberFormatException',
      because: 'but not 64',
    },
    { text: '16.4', min: '16.4.', accepted: true, because: 'Java drops empty parts at the end' },
    {
      text: '26.11.21',
      min: '26.11.x',
      accepted: false,
      router: 'exception',
      reason: 'the minimum',
      because: 'nobody checks what an administrator sets',
    },
  ];
  test.each(rows)('$text, minimum $min: $because', (row) => expectVerdict('cosmic', row));
});

describe('cloudstack', () => {
  const rows: readonly Row[] = [
    { text: '26.11.21', accepted: true, router: 'accepted', because: 'three plain numbers pass everybody' },
    { text: '26.11.21.57', min: '26.11.21.58', accepted: false, because: 'four numbers are compared' },
    { text: '4.22.0', min: '4.22.0.0', accepted: true, because: 'three are padded to four' },
    { text: '4.22.0.0', min: '4.22.0', accepted: true, because: 'both ways' },
    {
      text: '4.9.3',
      accepted: false,
      reason: 'lower than 4.10.0',
      router: 'told to upgrade',
      because: 'the minimum is 4.10.0',
    },
    {
      text: '26.11.21-2',
      min: '26.11.21-9',
      accepted: true,
      reads: '26.11.21',
      reason: 'what follows the first - does not count',
      because: 'INTER looks like a time stamp and loses its REV',
    },
    {
      text: '4.19.1-shapeblue-1540218507-SNAPSHOT',
      accepted: true,
      reads: '4.19.1',
      because: 'brand, time, snapshot',
    },
    {
      text: '26.11.21-2.57',
      accepted: false,
      reads: '0',
      router: 'exception',
      because: 'malformed becomes 0, and 0 throws',
    },
    { text: '26.11', accepted: false, router: 'exception', because: 'two numbers are too few' },
    { text: '26.11.21.2.57', accepted: false, router: 'exception', because: 'five are too many' },
    { text: '26.11.21\n', accepted: false, router: 'exception', because: 'a newline is part of the word' },
    {
      text: 'Cloudstack Release 26.11.21 Sat Nov 21',
      accepted: true,
      reads: '26.11.21',
      because: 'the third word',
    },
    {
      text: '26.11.21.2147483648',
      accepted: false,
      router: 'exception',
      reason: 'does not fit 31 bits',
      because: 'numbers are Java ints',
    },
    { text: '26.11.21.999999999', accepted: true, because: 'our largest BUILD is an int' },
    {
      text: '26.11.21',
      min: 'none',
      accepted: false,
      router: 'exception',
      reason: 'the minimum',
      because: 'it is parsed, too',
    },
  ];
  test.each(rows)('$text, minimum $min: $because', (row) => expectVerdict('cloudstack', row));
});

describe('cloudstack24', () => {
  const rows: readonly Row[] = [
    { text: '26.11.21', accepted: true, router: 'accepted', because: 'three numbers are its own form' },
    {
      text: '26.11.21.57',
      accepted: false,
      router: 'exception',
      reason: 'three parts',
      use: '26.11.21',
      because: 'four are refused from 24 on',
    },
    { text: '4.22.0.0', accepted: true, because: 'four with a lower first number are the old form' },
    { text: '23.1.1.1', accepted: true, because: '23 is not yet 24' },
    { text: '24.0.0', min: '23.9.9.9', accepted: true, because: 'the forms have one order' },
    {
      text: '26.11.20',
      min: '26.11.21',
      accepted: false,
      reason: 'lower than 26.11.21',
      because: 'a day earlier',
    },
    {
      text: '26.11.21',
      min: '26.11.20.5',
      accepted: false,
      router: 'exception',
      reason: 'the minimum',
      because: 'the minimum may not have four either',
    },
    { text: '26.11.21-2.57', accepted: false, router: 'exception', because: 'LONG is malformed here, too' },
  ];
  test.each(rows)('$text, minimum $min: $because', (row) => expectVerdict('cloudstack24', row));
});

describe('formats and registries', () => {
  const rows: readonly (Row & { consumer: VersionConsumerId })[] = [
    { consumer: 'semver', text: '26.11.21-2.57', accepted: true, because: 'LONG is a semantic version' },
    {
      consumer: 'semver',
      text: '26.11.21-2.57',
      min: '26.11.21-10.61',
      accepted: false,
      because: '2 is below 10',
    },
    { consumer: 'semver', text: '26.11.21.57', accepted: false, because: 'WIRE has four numbers' },
    { consumer: 'semver', text: '26.04.03', accepted: false, because: 'zeros may not lead' },
    { consumer: 'semver', text: '26.11.21-02.57', accepted: false, because: 'nor after the dash' },
    { consumer: 'semver', text: 'v26.11.21', accepted: false, because: 'v is what node-semver forgives' },
    { consumer: 'semver', text: ' 26.11.21', accepted: false, because: 'so are blanks' },
    {
      consumer: 'semver',
      text: '26.11.21-2+5',
      accepted: true,
      reads: '26.11.21-2',
      reason: 'follows +',
      because: 'build metadata orders nothing',
    },
    {
      consumer: 'semver',
      text: '26.11.21',
      min: 'x',
      accepted: false,
      reason: 'the minimum',
      because: 'it is no version',
    },
    { consumer: 'oci', text: '26.11.21-2.57', accepted: true, because: 'LONG is a tag' },
    { consumer: 'oci', text: '20261121_0002.000057', accepted: true, because: 'underscores are fine' },
    { consumer: 'oci', text: '26.11.21+5', accepted: false, because: 'a plus sign is not' },
    { consumer: 'oci', text: '26.11.21~rc', accepted: false, because: 'nor a tilde' },
    { consumer: 'oci', text: '-26.11.21', accepted: false, because: 'nor a dash in front' },
    { consumer: 'oci', text: '1'.repeat(129), accepted: false, because: '128 characters are the limit' },
    {
      consumer: 'oci',
      text: '26.11.21',
      min: '99.1.1',
      accepted: true,
      reason: 'no order',
      because: 'a name is not above another',
    },
    {
      consumer: 'dpkg',
      text: '26.11.21-2.57',
      accepted: true,
      reads: '26.11.21, revision 2.57',
      because: 'what follows the dash is the revision',
    },
    {
      consumer: 'dpkg',
      text: '26.11.21',
      min: '26.11.21-2.57',
      accepted: false,
      because: 'a bare SHORT is below all of its day',
    },
    {
      consumer: 'dpkg',
      text: '20261121_0002.000057',
      accepted: false,
      because: 'underscores part name and version',
    },
    { consumer: 'dpkg', text: 'v26.11.21', accepted: false, because: 'a digit comes first' },
    {
      consumer: 'dpkg',
      text: '26.11.21',
      min: '_',
      accepted: false,
      reason: 'the minimum',
      because: 'it is no version',
    },
    { consumer: 'vagrant', text: '26.11.21.57', accepted: true, because: 'WIRE is a plain release' },
    {
      consumer: 'vagrant',
      text: '26.11.21-2.57',
      accepted: false,
      reads: '26.11.21.pre.2.57',
      reason: 'lower than 26.11.21',
      because: 'a dash makes a pre-release',
    },
    {
      consumer: 'vagrant',
      text: '26.11.21.57',
      min: '26.11.21.58',
      accepted: false,
      because: 'numbers are compared',
    },
    {
      consumer: 'vagrant',
      text: '26.11.21',
      min: '26.11.21.0.0',
      accepted: true,
      because: 'zeros at the end do not count',
    },
    { consumer: 'vagrant', text: '26.11.21+5', accepted: false, because: 'RubyGems knows no build metadata' },
    {
      consumer: 'vagrant',
      text: '26.11.21',
      min: '+',
      accepted: false,
      reason: 'the minimum',
      because: 'it is no version',
    },
  ];
  test.each(rows)('$consumer: $text, minimum $min: $because', ({ consumer, ...row }) =>
    expectVerdict(consumer, row),
  );
});

describe('a release that is refused by its LONG is told by which spelling it is taken', () => {
  const rows: readonly { consumer: VersionConsumerId; use: string; because: string }[] = [
    { consumer: 'cosmic', use: '26.11.21', because: 'SHORT is the release line' },
    { consumer: 'cloudstack24', use: '26.11.21', because: 'three numbers are taken' },
    { consumer: 'vagrant', use: '26.11.21.57', because: 'WIRE has no dash' },
  ];
  test.each(rows)('$consumer: use $use, because $because', ({ consumer, use }) => {
    for (const text of ['26.11.21-2.57', '20261121_0002.000057']) {
      expect(checkConsumer(consumer, text).use).toBe(use);
    }
    expect(checkConsumer(consumer, '26.11.21-2.57', '99.1.1').use).toBeUndefined();
    expect(checkConsumer(consumer, '26.11.21').use).toBeUndefined();
  });
});

test('product versions are marked, days are not', () => {
  expect(checkConsumer('cosmic', '4.6.0').legacy).toBe(true);
  expect(checkConsumer('cosmic', '26.11.21').legacy).toBe(false);
  expect(checkConsumer('cosmic', '26.11.21-2.57').legacy).toBe(false);
});

test('names of consumers', () => {
  expect(VERSION_CONSUMER_IDS).toEqual([
    'cosmic',
    'cloudstack',
    'cloudstack24',
    'semver',
    'oci',
    'dpkg',
    'vagrant',
  ]);
  expect(isVersionConsumer('toString')).toBe(false);
});

describe('what release.json says', () => {
  const all = Object.fromEntries(VERSION_CONSUMER_IDS.map((id) => [id, true]));
  const rows: readonly { line?: string; is: object; because: string }[] = [
    { is: all, because: 'with SHORT as its release line a release suits everybody' },
    {
      line: '26.11.21.57',
      is: { ...all, cloudstack24: false },
      because: 'with WIRE it does not suit CloudStack 24',
    },
    {
      line: '26.11.21-2.57',
      is: { ...all, cosmic: false, cloudstack: false, cloudstack24: false },
      because: 'LONG suits no management server',
    },
  ];
  test.each(rows)('$line: $because', ({ line, is }) => {
    expect(compatOf(parseIdentity('26.11.21-2.57'), line)).toEqual(is);
  });
});
