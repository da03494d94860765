import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseJournal, type JournalEntry } from '../../src/catalogue/journal.ts';
import { verifyCatalogue } from '../../src/workflows/verify-catalogue.ts';
import { compileWhenStale, runCli, type CliResult } from './compiled-cli.ts';
import { distinctPoints, type FaultKind } from './fault-points.ts';
import { fileSample, quietContext } from './sample-catalogue.ts';

/** A change of the catalogue, interrupted at each of its writes. */
interface Operation {
  readonly name: string;
  readonly args: readonly string[];
  /** Lines whose journals it adds to. */
  readonly lines: readonly string[];
  /** Several changes, each of which is whole: one line after the other, or a filing and then a promotion. */
  readonly isSeveral?: true;
  readonly because: string;
}

const OPERATIONS: readonly Operation[] = [
  {
    name: 'promote',
    args: ['promote', 'server@26.11.21-1.4', 'tested'],
    lines: ['server'],
    because: 'journal, index, channel, catalogue.json',
  },
  {
    name: 'rollback',
    args: ['rollback', 'server@26.11.19-1.2', 'tested'],
    lines: ['server'],
    because: 'a channel goes back',
  },
  {
    name: 'revoke',
    args: ['revoke', 'server@26.11.20-1.3', '--reason', 'CVE', '--replacement', 'previous'],
    lines: ['server', 'edge'],
    isSeveral: true,
    because: 'channels, latest, and a descendant in another line',
  },
  {
    name: 'pin',
    args: ['pin', 'server@26.11.19-1.2', '--reason', 'customer X', '--by', 'anna@desk'],
    lines: ['server'],
    because: 'the smallest change',
  },
  {
    name: 'prune',
    args: ['prune', 'server', '--yes', '--keep-previous', '0', '--keep-days', '0', '--keep-monthly', '0'],
    lines: ['server'],
    because: 'files go, and a tombstone says why',
  },
  {
    name: 'reissue',
    args: ['rollback', 'server@26.11.19-1.2', 'tested', '--reissue'],
    lines: ['server'],
    isSeveral: true,
    because: 'a release is filed, and a channel goes on to it',
  },
];

const KINDS: readonly FaultKind[] = ['after', 'full'];
const PRELOAD = join(import.meta.dirname, 'faulty-fs/faults.mjs');
/** Two cores, and each run is a process of its own. */
const AT_ONCE = 3;

let scratch: string;
let sample: string;
let interruptions = 0;
/** Every LONG of the sample, and the word for none. */
const filedInSample = new Set(['nothing']);

beforeAll(async () => {
  compileWhenStale();
  scratch = mkdtempSync(join(tmpdir(), 'mintmark-faults-'));
  sample = join(scratch, 'sample', 'catalogue');
  await fileSample(sample, { line: 'server', day: '2026-11-18' });
  await fileSample(sample, { line: 'server', day: '2026-11-19' });
  await mintmark(sample, ['promote', 'server@26.11.19', 'tested']);
  const parent = await fileSample(sample, { line: 'server', day: '2026-11-20' });
  await mintmark(sample, ['promote', 'server@26.11.20', 'tested']);
  await mintmark(sample, ['promote', 'server@26.11.20', 'stable']);
  const base = { method: 'disk' as const, digest: 'b'.repeat(64), parent: `server@${parent}` };
  await fileSample(sample, { line: 'edge', day: '2026-11-20', changes: { base } });
  await fileSample(sample, { line: 'server', day: '2026-11-21' });
  for (const line of ['server', 'edge']) {
    for (const long of readdirSync(join(sample, 'releases', line))) filedInSample.add(long);
  }
}, 60_000);

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
  // eslint-disable-next-line no-console
  console.log(`changes of the catalogue were interrupted at ${interruptions} points`);
});

describe.each(OPERATIONS)('$name ($because)', ({ name, args, lines, isSeveral }) => {
  test.each(KINDS)(
    'interrupted at every write: %s',
    async (kind) => {
      const queue = await findPoints(name, args, kind);
      expect(queue.length).toBeGreaterThan(4);
      const [before, after] = await outcomesOf(name, args, lines);
      const worker = async (): Promise<void> => {
        for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
          await interrupt(`${name}-${kind}-${at}`, {
            args,
            lines,
            kind,
            at,
            before,
            after,
            isOneStep: isSeveral !== true,
          });
          interruptions += 1;
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
    },
    240_000,
  );
});

interface Interruption extends Pick<Operation, 'args' | 'lines'> {
  readonly kind: FaultKind;
  readonly at: number;
  readonly before: string;
  readonly after: string;
  readonly isOneStep: boolean;
}

/** One interruption: the catalogue is the old one or the new one, and doing it again makes it the new one. */
async function interrupt(
  label: string,
  { args, lines, kind, at, before, after, isOneStep }: Interruption,
): Promise<void> {
  const catalogue = copySample(label);
  const broken = await mintmark(catalogue, args, { root: catalogue, kind, at });
  const found = (): object => ({ label, output: broken.stderr, state: journals(catalogue, lines) });
  if (kind === 'full') expect([0, 4, 6]).toContain(broken.exitCode);
  else expect({ label, signal: broken.signal }).toEqual({ label, signal: 'SIGKILL' });
  if (isOneStep) expect([before, after]).toContain(journals(catalogue, lines));
  await expectSound(catalogue, label);
  if (journals(catalogue, lines) !== after) {
    const { exitCode, stderr } = await mintmark(catalogue, args);
    expect({ label, exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({
      label,
      exitCode: 0,
      stderr: '',
    });
    expect(found()).toEqual({ ...found(), state: after });
    await expectSound(catalogue, label);
  }
  rmSync(join(catalogue, '..'), { recursive: true });
}

/** Verified in this process: another one for each point would take most of the time. */
async function expectSound(catalogue: string, label: string): Promise<void> {
  const request = { catalogue, lines: [], metadata: false };
  const { findings } = await verifyCatalogue(request, quietContext(scratch));
  expect({ label, findings }).toEqual({ label, findings: [] });
}

/** Where an operation is interrupted. */
async function findPoints(name: string, args: readonly string[], kind: FaultKind): Promise<number[]> {
  const catalogue = copySample(`${name}-count-${kind}`);
  const report = join(catalogue, '..', 'changes');
  const { exitCode, stderr } = await mintmark(catalogue, args, { root: catalogue, kind: 'count', report });
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
  const points = distinctPoints(readFileSync(report, 'utf8'), kind, {
    withLocks: name === OPERATIONS[0]?.name,
  });
  rmSync(join(catalogue, '..'), { recursive: true });
  return points;
}

/** What the journals say before the operation and after it. */
async function outcomesOf(
  name: string,
  args: readonly string[],
  lines: readonly string[],
): Promise<[string, string]> {
  const catalogue = copySample(`${name}-plain-${Math.random()}`);
  const before = journals(catalogue, lines);
  await mintmark(catalogue, args);
  return [before, journals(catalogue, lines)];
}

/** What the journals of some lines say, without times, and without the number that a new release happened to get. */
function journals(catalogue: string, lines: readonly string[]): string {
  const entries = lines.flatMap((line) => {
    const path = join(catalogue, 'lines', line, 'journal.json');
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    return parseJournal(text, path).entries.map(summarizeEntry);
  });
  return entries.join('\n');
}

function summarizeEntry(entry: JournalEntry): string {
  if (entry.action === 'file') return `file ${entry.release.reissueOf ?? entry.release.long}`;
  if (!('channel' in entry)) return `${entry.action} ${entry.long}`;
  const { action, channel, from = 'nothing', to = 'nothing' } = entry;
  return `${action} ${channel} from ${from} to ${filedInSample.has(to) ? to : 'a new release'}`;
}

function copySample(label: string): string {
  const place = join(scratch, label);
  cpSync(join(scratch, 'sample'), place, { recursive: true, verbatimSymlinks: true });
  return join(place, 'catalogue');
}

function mintmark(
  catalogue: string,
  args: readonly string[],
  fault?: Readonly<Record<string, unknown>>,
): Promise<CliResult> {
  const env: Record<string, string> = { HOME: scratch };
  if (fault !== undefined) {
    env['MINTMARK_FAULT'] = JSON.stringify(fault);
    env['NODE_OPTIONS'] = `--import=${PRELOAD}`;
  }
  return runCli([...args, '--catalogue', catalogue], { env });
}
