import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseAllocation } from '../../src/catalogue/allocation.ts';
import { foldJournal } from '../../src/catalogue/fold-journal.ts';
import { parseJournal } from '../../src/catalogue/journal.ts';
import { verifyCatalogue } from '../../src/workflows/verify-catalogue.ts';
import { sampleQcow2 } from '../unit/inspection/sample-qcow2.ts';
import { compileWhenStale, runCli } from './compiled-cli.ts';
import { fileSample, quietContext } from './sample-catalogue.ts';

let scratch: string;
let catalogue: string;

beforeAll(() => {
  compileWhenStale();
  scratch = mkdtempSync(join(tmpdir(), 'mintmark-crowd-'));
  catalogue = join(scratch, 'catalogue');
  writeFileSync(join(scratch, 'disk.img'), sampleQcow2());
});

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

test('twenty processes that take versions and move channels at once lose nothing', async () => {
  const longs: string[] = [];
  for (const day of ['2026-11-18', '2026-11-19', '2026-11-20']) {
    longs.push(await fileSample(catalogue, { line: 'server', day }));
  }
  const image = join(scratch, 'disk.img');
  const filings = Array.from({ length: 8 }, () => [
    'import',
    image,
    '--line',
    'server',
    '--version',
    '26.11.21',
  ]);
  const moves = longs.flatMap((long) => [
    ['promote', `server@${long}`, 'tested'],
    ['promote', `server@${long}`, 'tested'],
    ['pin', `server@${long}`, '--reason', 'customer'],
    ['promote', `server@${long}`, 'stable'],
  ]);
  const commands = [...filings, ...moves];
  expect(commands).toHaveLength(20);

  const results = await Promise.all(
    commands.map((args) => runCli([...args, '--catalogue', catalogue], { env: { HOME: scratch } })),
  );

  // Whoever comes late may find a newer head, or a release that is not on tested yet: that is refused, and nothing else.
  for (const { exitCode, stderr } of results) {
    if (exitCode !== 0) expect(stderr).toMatch(/is newer than|was never on tested/);
  }
  expect(results.slice(0, filings.length).map(({ exitCode }) => exitCode)).toEqual(filings.map(() => 0));
  const { findings, notes } = await verifyCatalogue(
    { catalogue, lines: [], metadata: false },
    quietContext(scratch),
  );
  expect({ findings, notes }).toEqual({ findings: [], notes: [] });
  const path = join(catalogue, 'lines/server');
  const index = foldJournal(parseJournal(readFileSync(join(path, 'journal.json'), 'utf8'), 'journal'));
  expect(index.releases).toHaveLength(longs.length + filings.length);
  expect(index.releases.filter(({ pins }) => pins?.length === 1)).toHaveLength(longs.length);
  expect(index.channels['tested']).toBe(longs.at(-1));
  const builds = readdirSync(join(path, 'alloc')).map(
    (name) => parseAllocation(readFileSync(join(path, 'alloc', name), 'utf8'), name).build,
  );
  expect(builds.toSorted((a, b) => a - b)).toEqual(index.releases.map((_, place) => place + 1));
}, 120_000);
