import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sampleQcow2 } from '../unit/inspection/sample-qcow2.ts';
import { importRelease } from '../../src/workflows/import-release.ts';
import { readLineIndex } from '../../src/workflows/read-line.ts';
import { recoverLine } from '../../src/workflows/recover-line.ts';
import { verifyCatalogue } from '../../src/workflows/verify-catalogue.ts';
import { compileWhenStale, runCli, type CliResult } from './compiled-cli.ts';
import { distinctPoints, type FaultKind } from './fault-points.ts';
import { quietContext } from './sample-catalogue.ts';

const PRELOAD = join(import.meta.dirname, 'faulty-fs/faults.mjs');
/** Two cores, and each run is a process of its own. */
const AT_ONCE = 3;

let scratch: string;
let image: string;
let interruptions = 0;

beforeAll(() => {
  compileWhenStale();
  scratch = mkdtempSync(join(tmpdir(), 'mintmark-import-faults-'));
  image = join(scratch, 'disk.img');
  writeFileSync(image, sampleQcow2());
});

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
  // eslint-disable-next-line no-console
  console.log(`imports were interrupted at ${interruptions} points`);
});

const ROWS: readonly { kind: FaultKind; exitCodes: readonly (number | null)[]; because: string }[] = [
  { kind: 'after', exitCodes: [null], because: 'a kill leaves what the next one settles' },
  { kind: 'full', exitCodes: [0, 4], because: 'a full disk is told, and leaves a burnt number at most' },
];

test.each(ROWS)(
  'an import that is interrupted at any write is there or not: $because',
  async ({ kind, exitCodes }) => {
    const report = join(scratch, `${kind}-changes`);
    await bring(join(scratch, `${kind}-count`), { kind: 'count', report });
    const queue = distinctPoints(readFileSync(report, 'utf8'), kind, { withLocks: false });
    expect(queue.length).toBeGreaterThan(10);
    interruptions += queue.length;
    const worker = async (): Promise<void> => {
      for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
        const catalogue = join(scratch, `${kind}-${at}`);
        const { exitCode, stderr } = await bring(catalogue, { kind, at });
        expect(exitCodes).toContain(exitCode);
        if (exitCode === 4) expect(staged(catalogue)).toEqual([]);
        if (exitCode === 4) expect(stderr).toMatch(/no space left|recorded, but could not be shown/);
        await expectSettled(catalogue, `${kind} ${at}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  },
  240_000,
);

/** Sound, with nothing lying about; and the next import gets a number that nobody has had. */
async function expectSettled(catalogue: string, label: string): Promise<void> {
  await recoverLine(catalogue, 'router', new Date());
  const { findings } = await verifyCatalogue(
    { catalogue, lines: [], metadata: false },
    quietContext(scratch),
  ).catch((error: unknown) => {
    // The disk was full before there was anything.
    if (existsSync(join(catalogue, 'lines'))) throw error;
    return { findings: [] };
  });
  expect({ label, findings }).toEqual({ label, findings: [] });
  const before = (await readLineIndex(catalogue, 'router')).releases.length;
  // In this process: another one for each point would take most of the time.
  await importRelease(
    {
      catalogue,
      line: 'router',
      version: '26.10.3',
      files: [image],
      targets: [],
      arch: 'x86_64',
      link: false,
    },
    quietContext(scratch),
  );
  expect((await readLineIndex(catalogue, 'router')).releases).toHaveLength(before + 1);
  expect({ label, staged: staged(catalogue) }).toEqual({ label, staged: [] });
  rmSync(catalogue, { recursive: true });
}

/** What lies in staging, but for drafts of a few bytes: they may be somebody's until they are an hour old. */
function staged(catalogue: string): string[] {
  const directory = join(catalogue, '.staging');
  return existsSync(directory) ? readdirSync(directory).filter((name) => !name.endsWith('.tmp')) : [];
}

function bring(catalogue: string, fault: Readonly<Record<string, unknown>>): Promise<CliResult> {
  const args = ['import', image, '--line', 'router', '--version', '26.10.3', '--catalogue', catalogue];
  const told = JSON.stringify({ root: catalogue, ...fault });
  return runCli(args, {
    env: { HOME: scratch, MINTMARK_FAULT: told, NODE_OPTIONS: `--import=${PRELOAD}` },
  });
}
