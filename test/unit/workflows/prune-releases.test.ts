import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { appendEntries, parseJournal, renderJournal } from '../../../src/catalogue/journal.ts';
import { parseChecksums } from '../../../src/manifests/checksums.ts';
import { parseWithdrawal } from '../../../src/manifests/withdrawal.ts';
import { sha256Of } from '../../../src/values/digest.ts';
import { changeLine } from '../../../src/workflows/change-line.ts';
import { locateRelease } from '../../../src/workflows/locate-release.ts';
import { pruneReleases, type PruneReport, type PruneRequest } from '../../../src/workflows/prune-releases.ts';
import { recoverLine } from '../../../src/workflows/recover-line.ts';
import { reissueRelease } from '../../../src/workflows/reissue-release.ts';
import { verifyCatalogue } from '../../../src/workflows/verify-catalogue.ts';
import { fileSample } from './sample-release.ts';
import { scriptedRunner } from './scripted-runner.ts';

const OLD = '26.8.1-1.1';
const NEW = '26.11.20-1.2';
const NOW = new Date('2026-11-21T07:31:00Z');
const DISK = `server_${OLD}_x86_64-kvm.qcow2`;
const STAYING = [
  'SHA256SUMS',
  'diff.json',
  'diff.md',
  'packages.txt',
  'release.json',
  'test-result.json',
  'withdrawn.json',
];

let catalogue: string;
const context = { clock: { now: () => NOW }, signal: new AbortController().signal };

beforeEach(async () => {
  catalogue = mkdtempSync(join(tmpdir(), 'mintmark-prune-'));
  await fileSample(catalogue, OLD);
  await fileSample(catalogue, NEW);
});

afterEach(() => {
  rmSync(catalogue, { recursive: true, force: true });
});

function prune(changes: Partial<PruneRequest> = {}): Promise<PruneReport> {
  const rules = { previous: 0, newerThanDays: 30, monthly: 0 };
  return pruneReleases({ catalogue, lines: [], rules, carryOut: true, by: 'anna@desk', ...changes }, context);
}

function withdrawOnly(): Promise<unknown> {
  const reason = 'retention: older than 30 days';
  const stamp = { at: NOW.toISOString(), by: 'anna@desk' };
  return changeLine(catalogue, 'server', () => [{ ...stamp, action: 'withdraw', long: OLD, reason }]);
}

/** What a workflow is given besides, of which none of these makes use. */
const surroundings = () => ({
  emit: () => undefined,
  run: scriptedRunner({}).run,
  directories: { cache: join(catalogue, '..', 'cache'), state: join(catalogue, '..', 'state') },
  environment: {},
});

function writeLarge(): void {
  writeFileSync(join(directoryOf(OLD), DISK), Buffer.alloc(300_000, 7));
}

const usedBytes = (): number => statSync(join(directoryOf(OLD), DISK)).blocks * 512;

const directoryOf = (long: string, line = 'server'): string => join(catalogue, 'releases', line, long);

function snapshot(directory = catalogue): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(directory.length), readFileSync(path, 'utf8')];
    }),
  );
}

/** What must hold of a withdrawn release, however it came about. */
function expectTombstone(): void {
  const directory = directoryOf(OLD);
  expect(readdirSync(directory).toSorted()).toEqual(STAYING);
  const withdrawal = parseWithdrawal(readFileSync(join(directory, 'withdrawn.json'), 'utf8'));
  expect(withdrawal).toMatchObject({ line: 'server', version: OLD, by: 'anna@desk', at: NOW.toISOString() });
  expect(withdrawal.reason).toContain('older than 30 days');
  expect(withdrawal.files.map(({ file }) => file).toSorted()).toEqual(
    [DISK, 'changelogs.zst', 'facts.json', 'files.txt', 'junit.xml'].toSorted(),
  );
  const disk = `server ${OLD}`;
  expect(withdrawal.files).toContainEqual({ file: DISK, sizeBytes: disk.length, sha256: sha256Of(disk) });
  const sums = parseChecksums(readFileSync(join(directory, 'SHA256SUMS'), 'utf8'));
  expect([...sums.keys()]).toEqual(STAYING.filter((name) => name !== 'SHA256SUMS'));
  for (const [file, sha256] of sums) expect(sha256Of(readFileSync(join(directory, file)))).toBe(sha256);
}

describe('pruneReleases', () => {
  test('says what would go, and writes nothing', async () => {
    const before = snapshot();
    const report = await prune({ carryOut: false });
    expect(report).toMatchObject({
      carriedOut: false,
      lines: [
        { line: 'server', withdraw: [{ long: OLD }], keep: [{ long: NEW }], failed: [], unfinished: [] },
      ],
    });
    expect(report.freedBytes).toBeGreaterThan(0);
    expect(snapshot()).toEqual(before);
  });

  test('leaves of a release what it was, and why it is gone', async () => {
    const { freedBytes } = await prune({ carryOut: false });
    await expect(prune()).resolves.toMatchObject({ carriedOut: true, freedBytes });
    expectTombstone();
    const { release } = await locateRelease(catalogue, `server@${OLD}`);
    expect(release).toMatchObject({ state: 'withdrawn', withdrawn: { by: 'anna@desk' } });
    expect((await locateRelease(catalogue, 'server')).long).toBe(NEW);
  });

  test('a second time does nothing', async () => {
    await prune();
    const before = snapshot();
    await expect(prune()).resolves.toMatchObject({
      freedBytes: 0,
      lines: [{ withdraw: [], unfinished: [] }],
    });
    expect(snapshot()).toEqual(before);
  });

  test('leaves a catalogue in which everything is as recorded', async () => {
    await prune();
    const { findings } = await verifyCatalogue(
      { catalogue, lines: [], metadata: false },
      { ...context, ...surroundings() },
    );
    expect(findings).toEqual([]);
  });

  test('touches only the lines it is told to', async () => {
    await fileSample(catalogue, OLD, { line: 'router' });
    await fileSample(catalogue, NEW, { line: 'router' });
    await expect(prune({ lines: ['router'] })).resolves.toMatchObject({ lines: [{ line: 'router' }] });
    expect(existsSync(join(directoryOf(OLD), DISK))).toBe(true);
    expect(existsSync(join(directoryOf(OLD, 'router'), 'withdrawn.json'))).toBe(true);
  });

  test('keeps what a release of another line was made from', async () => {
    await fileSample(catalogue, NEW.replace('1.2', '1.1'), {
      line: 'router',
      base: { method: 'disk', digest: 'b'.repeat(64), parent: `server@${OLD}` },
    });
    await prune();
    expect(existsSync(join(directoryOf(OLD), DISK))).toBe(true);
  });

  test('refuses a line that is not there, with those that are', async () => {
    await expect(prune({ lines: ['sever'] })).rejects.toMatchObject({
      code: 'E_LINE_UNKNOWN',
      hint: 'there is server',
    });
  });

  test('a journal that cannot be read stops it for all lines: nobody knows what that line was made from', async () => {
    await fileSample(catalogue, OLD, { line: 'router' });
    writeFileSync(join(catalogue, 'lines/router/journal.json'), '{');
    await expect(prune({ lines: ['server'] })).rejects.toMatchObject({ code: 'E_JOURNAL_INVALID' });
    expect(existsSync(join(directoryOf(OLD), DISK))).toBe(true);
  });

  test('decides again under the lock: what was pinned meanwhile stays', async () => {
    let isPinned = false;
    const clock = { now: () => NOW };
    const { signal } = new AbortController();
    // The signal is asked right before the lock is taken.
    signal.throwIfAborted = () => {
      if (isPinned) return;
      isPinned = true;
      const path = join(catalogue, 'lines/server/journal.json');
      const stamp = { at: NOW.toISOString(), by: 'otto@desk' };
      const journal = parseJournal(readFileSync(path, 'utf8'), path);
      const pin = { ...stamp, action: 'pin', long: OLD, reason: 'mine' } as const;
      writeFileSync(path, renderJournal(appendEntries(journal, [pin])));
    };
    const rules = { previous: 0, newerThanDays: 30, monthly: 0 };
    await pruneReleases({ catalogue, lines: [], rules, carryOut: true }, { clock, signal });
    expect(isPinned).toBe(true);
    expect(existsSync(join(directoryOf(OLD), DISK))).toBe(true);
  });

  test('evidence of failed builds goes by the same days', async () => {
    const failed = join(catalogue, 'failed/server');
    for (const [long, at] of [
      ['26.8.2-1.7', '2026-08-02T07:00:00Z'],
      ['26.11.20-1.8', '2026-11-20T07:00:00Z'],
    ] as const) {
      mkdirSync(join(failed, long), { recursive: true });
      writeFileSync(join(failed, long, 'failure.json'), JSON.stringify({ at }));
    }
    await expect(prune({ carryOut: false })).resolves.toMatchObject({ lines: [{ failed: ['26.8.2-1.7'] }] });
    await prune();
    expect(readdirSync(failed)).toEqual(['26.11.20-1.8']);
  });
});

describe('the room that it gives', () => {
  test('a file that a reissue has, too, gives none', async () => {
    writeLarge();
    const alone = (await prune({ carryOut: false })).freedBytes;
    linkSync(join(directoryOf(OLD), DISK), join(catalogue, 'elsewhere'));
    expect((await prune({ carryOut: false })).freedBytes).toBe(alone - usedBytes());
  });

  test('one of which all names go counts once', async () => {
    writeLarge();
    linkSync(join(directoryOf(OLD), DISK), join(directoryOf(OLD), 'again.qcow2'));
    const twice = (await prune({ carryOut: false })).freedBytes;
    rmSync(join(directoryOf(OLD), 'again.qcow2'));
    expect((await prune({ carryOut: false })).freedBytes).toBe(twice);
  });
});

describe('killed in between', () => {
  test.each([
    { undo: [], because: 'right after the journal: every file is there' },
    { undo: ['SHA256SUMS', DISK, 'junit.xml', 'files.txt'], because: 'after the tombstone' },
    { undo: ['SHA256SUMS', 'junit.xml'], because: 'before the last file' },
    { undo: ['SHA256SUMS'], because: 'before the checksums of what stays' },
    { undo: ['junit.xml'], because: 'by somebody who put a file back' },
  ])('$because', async ({ undo }) => {
    const whole = join(catalogue, 'whole');
    mkdirSync(whole);
    for (const name of readdirSync(directoryOf(OLD)))
      linkSync(join(directoryOf(OLD), name), join(whole, name));
    await withdrawOnly();
    if (undo.length > 0) {
      await prune();
      for (const name of undo) renameSync(join(whole, name), join(directoryOf(OLD), name));
    }
    rmSync(whole, { recursive: true });
    await expect(prune({ carryOut: false })).resolves.toMatchObject({ lines: [{ unfinished: [OLD] }] });
    await recoverLine(catalogue, 'server', NOW);
    expectTombstone();
    await expect(prune()).resolves.toMatchObject({ lines: [{ unfinished: [] }] });
  });

  test('a directory that somebody removed, and a link in its place, are left as they are', async () => {
    await withdrawOnly();
    const elsewhere = join(catalogue, 'elsewhere');
    renameSync(directoryOf(OLD), elsewhere);
    await prune();
    expect(existsSync(directoryOf(OLD))).toBe(false);
    symlinkSync(elsewhere, directoryOf(OLD));
    await prune();
    expect(existsSync(join(elsewhere, DISK))).toBe(true);
  });
});

test('a reissue keeps its source, and its bytes when the source goes', async () => {
  const request = { catalogue, line: 'server', long: OLD };
  const { directory, long } = await reissueRelease(request, context);
  await prune();
  expect(existsSync(join(directoryOf(OLD), DISK))).toBe(true);
  await changeLine(catalogue, 'server', () => [
    { at: NOW.toISOString(), by: 'anna@desk', action: 'revoke', long: OLD, reason: 'bad' },
  ]);
  await prune();
  expect(existsSync(join(directoryOf(OLD), DISK))).toBe(false);
  expect(readFileSync(join(directory, DISK.replace(OLD, long)), 'utf8')).toBe(`server ${OLD}`);
});
