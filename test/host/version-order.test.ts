import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { compare as compareSemver } from 'semver';
import { compareGemVersions, readGemVersion } from '../../src/publishing/gem-version.ts';
import { calendarDateOf } from '../../src/values/calendar-date.ts';
import { compareParsed, compareRecords, sortVersions } from '../../src/versions/compare-versions.ts';
import { parseIdentity, parseVersion } from '../../src/versions/parse-version.ts';
import {
  renderForms,
  renderVersion,
  type VersionForms,
  type VersionRecord,
} from '../../src/versions/version.ts';

/** Releases in which every number has another count of digits than its neighbour's, and every turn of the calendar. */
const CORNERS = [
  '16.4.3-1.1',
  '26.2.9-1.3',
  '26.9.30-1.4',
  '26.10.1-1.5',
  '26.11.21-1.9',
  '26.11.21-2.57',
  '26.11.21-10.61',
  '26.11.21-10.100',
  '26.12.31-9999.101',
  '27.1.1-1.102',
  '28.2.29-1.103',
  '99.12.31-1.104',
  '100.1.1-1.105',
  '199.12.31-1.999999',
  '199.12.31-2.1000000',
  '999.12.31-9999.999999999',
];

const days = fc
  .date({ min: new Date('2016-01-01'), max: new Date('2199-12-31'), noInvalidDate: true })
  .map(calendarDateOf);
const close = fc.constantFrom(
  { year: 2026, month: 9, day: 30 },
  { year: 2026, month: 10, day: 1 },
  { year: 2026, month: 10, day: 10 },
);
const records: fc.Arbitrary<VersionRecord> = fc.record({
  scheme: fc.constant('date'),
  date: fc.oneof(close, days),
  rev: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 9999 })),
  build: fc.oneof(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: 999_999_999 })),
});

const SAMPLE = [...CORNERS.map(parseIdentity), ...fc.sample(records, { numRuns: 50, seed: 20261121 })];

type Pair = readonly [VersionRecord, VersionRecord];

/** Neighbours in the order, where mistakes are likeliest. */
const CLOSE_PAIRS = pairsOf(SAMPLE.toSorted(compareRecords));
const PAIRS = [...CLOSE_PAIRS, ...pairsOf(SAMPLE)];

function pairsOf(list: readonly VersionRecord[]): Pair[] {
  return list.slice(1).map((record, index) => [list[index] ?? record, record]);
}

/** Somebody else's order of version texts: -1, 0 or 1 for each pair. */
type Oracle = (pairs: readonly (readonly [string, string])[]) => number[];

/** One process for all pairs; `$a` and `$b` are the texts. */
function shellOracle(program: string): Oracle {
  const script = `while read -r a b; do
    if ${program} "$a" lt "$b"; then echo -1; elif ${program} "$a" gt "$b"; then echo 1; else echo 0; fi
  done`;
  return (pairs) =>
    numbersOf(execFileSync('sh', ['-c', script], { input: linesOf(pairs), encoding: 'utf8' }));
}

/** `sort -V` sorts pair by pair: the first column tells pairs apart, the last one the texts of a pair. */
const sortOracle: Oracle = (pairs) =>
  pairs.map(([a, b]) => (a === b ? 0 : sortedByVersion([a, b])[0] === a ? -1 : 1));

const gemOracle: Oracle = (pairs) => {
  const script = 'STDIN.each_line { |l| a, b = l.split.map { |v| Gem::Version.new(v) }; puts a <=> b }';
  return numbersOf(execFileSync('ruby', ['-e', script], { input: linesOf(pairs), encoding: 'utf8' }));
};

const semverOracle: Oracle = (pairs) => pairs.map(([a, b]) => compareSemver(a, b));

function linesOf(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([a, b]) => `${a} ${b}\n`).join('');
}

function numbersOf(output: string): number[] {
  return output.trim().split('\n').map(Number);
}

function sortedByVersion(texts: readonly string[]): string[] {
  const environment = { ...process.env, LC_ALL: 'C' };
  const input = texts.map((text) => `${text}\n`).join('');
  return execFileSync('sort', ['-V'], { input, encoding: 'utf8', env: environment }).trim().split('\n');
}

/** The test, or a skipped one where the program is missing or does not know the comparison. */
function testWith(tool: string, args: readonly string[]): typeof test.skip {
  try {
    execFileSync(tool, args, { stdio: 'ignore' });
    return test;
  } catch {
    process.stderr.write(`skipped: order of ${tool}: ${tool} ${args.join(' ')} does not work here\n`);
    return test.skip;
  }
}

const testDpkg = testWith('dpkg', ['--compare-versions', '1', 'lt', '2']);
const testSystemd = testWith('systemd-analyze', ['compare-versions', '1', 'lt', '2']);
const testSort = testWith('sort', ['-V', '/dev/null']);
const testRuby = testWith('ruby', ['-e', 'Gem::Version.new("1")']);
const dpkg = shellOracle('dpkg --compare-versions');
const systemd = shellOracle('systemd-analyze compare-versions');

/** Pairs of one form, each with our answer, beside the same pairs with the oracle's. */
function bothOrders(form: keyof VersionForms, oracle: Oracle): [string[], string[]] {
  const pairs = form === 'long' ? PAIRS : CLOSE_PAIRS;
  const texts = pairs.map(([a, b]) => [renderForms(a)[form], renderForms(b)[form]] as const);
  const ours = texts.map(([a, b]) => compareParsed(parseVersion(a, 'date'), parseVersion(b, 'date')));
  const rendered = (orders: readonly number[]): string[] =>
    texts.map(([a, b], index) => `${a} ${Math.sign(orders[index] ?? Number.NaN)} ${b}`);
  return [rendered(oracle(texts)), rendered(ours)];
}

/** The test that an oracle's order of a form is ours. */
function agrees(form: keyof VersionForms, oracle: Oracle): () => void {
  return () => {
    const [theirs, ours] = bothOrders(form, oracle);
    expect(theirs).toEqual(ours);
  };
}

test('the sample has ties of day and REV, and none of LONG', () => {
  expect(new Set(SAMPLE.map((record) => renderForms(record).long)).size).toBe(SAMPLE.length);
  expect(new Set(SAMPLE.map((record) => renderForms(record).short)).size).toBeLessThan(SAMPLE.length);
});

describe.each(['long', 'inter', 'short'] as const)('everybody orders the form %s as we do', (form) => {
  test('semver', agrees(form, semverOracle));
  testDpkg('dpkg --compare-versions', agrees(form, dpkg));
  testSystemd('systemd-analyze compare-versions', agrees(form, systemd));
  testSort('sort -V', agrees(form, sortOracle));
  testRuby('RubyGems', agrees(form, gemOracle));
});

describe('those who take four numbers order WIRE as we do', () => {
  testDpkg('dpkg --compare-versions', agrees('wire', dpkg));
  testSystemd('systemd-analyze compare-versions', agrees('wire', systemd));
  testSort('sort -V', agrees('wire', sortOracle));
  testRuby('RubyGems', agrees('wire', gemOracle));
});

testSort('a whole list of LONG is sorted as sort -V does, and of SERIAL as plain text is', () => {
  const forms = SAMPLE.filter(({ build }) => build <= 999_999).map(renderForms);
  const ours = (key: 'long' | 'serial'): string[] =>
    sortVersions(forms.map((all) => parseVersion(all[key]))).map(renderVersion);
  expect(sortedByVersion(forms.map(({ long }) => long))).toEqual(ours('long'));
  expect(forms.map(({ serial }) => serial).toSorted()).toEqual(ours('serial'));
});

describe('a bare SHORT among the releases of its day', () => {
  const pair = [['26.11.21-10.61', '26.11.21']] as const;
  test('is above them to semver', () => expect(semverOracle(pair)).toEqual([-1]));
  testDpkg('is below them to dpkg', () => expect(dpkg(pair)).toEqual([1]));
  testSystemd('is below them to systemd', () => expect(systemd(pair)).toEqual([1]));
  testSort('is below them to sort -V', () => expect(sortOracle(pair)).toEqual([1]));
  testRuby('is above them to RubyGems', () => expect(gemOracle(pair)).toEqual([-1]));

  test.each([['26.11.21'], ['26.11.21-10'], ['26.11.21.61']])('so that we never sort it: %s', (alias) => {
    const list = ['26.11.21-10.61', alias, '26.11.22-1.62'].map((text) => parseVersion(text, 'date'));
    expect(() => sortVersions(list)).toThrow(expect.objectContaining({ code: 'E_VERSION_MIXED' }));
  });
});

describe('our reading of RubyGems', () => {
  const noise = fc.string({ unit: fc.constantFrom(...Array.from('0012.-a')), minLength: 1, maxLength: 9 });
  const texts = fc.sample(noise, { numRuns: 600, seed: 20261121 });

  testRuby('takes the texts that Gem::Version takes, and orders them alike', () => {
    const script =
      'STDIN.each_line { |l| puts Gem::Version.correct?(l.chomp) ? Gem::Version.new(l.chomp).to_s : "" }';
    const input = texts.map((text) => `${text}\n`).join('');
    const read = execFileSync('ruby', ['-e', script], { input, encoding: 'utf8' }).split('\n').slice(0, -1);
    expect(texts.map((text) => readGemVersion(text) ?? '')).toEqual(read);
    const taken = texts.filter((text) => readGemVersion(text) !== undefined);
    const pairs = taken.slice(1).map((text, index) => [taken[index] ?? text, text] as const);
    const ours = pairs.map(([a, b]) =>
      Math.sign(compareGemVersions(readGemVersion(a) ?? '', readGemVersion(b) ?? '')),
    );
    expect(pairs.map((pair, index) => [...pair, ours[index]])).toEqual(
      gemOracle(pairs).map((order, index) => [...(pairs[index] ?? []), order]),
    );
  });
});
