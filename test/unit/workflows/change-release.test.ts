import { cpSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseChannelDocument, type ChannelDocument } from '../../../src/catalogue/channel-document.ts';
import { parseLineIndex, type LineIndex } from '../../../src/catalogue/line-index.ts';
import { parseReleaseManifest } from '../../../src/manifests/release.ts';
import type { WorkflowContext } from '../../../src/workflows/build-request.ts';
import { pinRelease } from '../../../src/workflows/pin-release.ts';
import { promoteRelease } from '../../../src/workflows/promote-release.ts';
import { revokeRelease } from '../../../src/workflows/revoke-release.ts';
import { rollbackRelease } from '../../../src/workflows/rollback-release.ts';
import { fileSample, resultOf } from '../../integration/sample-catalogue.ts';

let scratch: string;
let catalogue: string;
let warnings: string[];

function contextAt(now: string): WorkflowContext {
  return {
    emit: (event) => {
      if (event.type === 'warning') warnings.push(event.text);
    },
    signal: new AbortController().signal,
    clock: { now: () => new Date(now) },
    run: () => Promise.reject(new Error('nothing is to be run')),
    directories: { cache: scratch, state: scratch },
    environment: {},
  };
}

const NOON = contextAt('2026-11-25T12:00:00Z');

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'mintmark-change-'));
  catalogue = join(scratch, 'catalogue');
  warnings = [];
});

afterEach(() => {
  rmSync(scratch, { recursive: true, force: true });
});

function indexOf(line: string): LineIndex {
  return parseLineIndex(readFileSync(join(catalogue, 'lines', line, 'index.json'), 'utf8'), line);
}

function channel(line: string, name: string): ChannelDocument {
  return parseChannelDocument(
    readFileSync(join(catalogue, 'lines', line, 'channels', `${name}.json`), 'utf8'),
    name,
  );
}

function promote(release: string, to: string, more: { testResult?: string } = {}) {
  return promoteRelease({ catalogue, release, channel: to, by: 'anna@desk', ...more }, NOON);
}

describe('promote', () => {
  test('moves a pointer, and nothing of the release', async () => {
    const long = await fileSample(catalogue, { line: 'server', day: '2026-11-21' });
    const before = readFileSync(join(catalogue, 'releases/server', long, 'release.json'));
    expect(await promote('server@26.11.21', 'tested')).toEqual({
      line: 'server',
      long,
      channel: 'tested',
      floating: '26.11.21',
      changed: true,
    });
    expect(await promote('server@tested', 'stable')).toMatchObject({ long, changed: true });
    expect(readFileSync(join(catalogue, 'releases/server', long, 'release.json'))).toEqual(before);
    expect(indexOf('server').channels).toEqual({ candidate: long, stable: long, tested: long });
    expect(channel('server', 'tested').history).toMatchObject([
      {
        action: 'promote',
        by: 'anna@desk',
        to: long,
        evidence: { file: `releases/server/${long}/test-result.json` },
      },
    ]);
  });

  const refusals: readonly { tests: 'failed' | 'skipped'; code: string; because: string }[] = [
    { tests: 'failed', code: 'E_PROMOTE_FAILED', because: 'it failed its tests' },
    { tests: 'skipped', code: 'E_PROMOTE_UNTESTED', because: 'nobody tested it' },
  ];
  test.each(refusals)('to tested is refused ($code): $because', async ({ tests, code }) => {
    await fileSample(catalogue, { line: 'server', day: '2026-11-21', tests });
    await expect(promote('server@candidate', 'tested')).rejects.toMatchObject({ kind: 'conflict', code });
    expect(indexOf('server').channels).not.toHaveProperty('tested');
  });

  test('takes a test that was made later, and keeps it', async () => {
    const long = await fileSample(catalogue, { line: 'server', day: '2026-11-21', tests: 'skipped' });
    const manifest = parseReleaseManifest(
      readFileSync(join(catalogue, 'releases/server', long, 'release.json'), 'utf8'),
    );
    const testResult = join(scratch, 'test-result.json');
    writeFileSync(testResult, resultOf(manifest, 'passed'));
    await promote('server@candidate', 'tested', { testResult });
    const [move] = channel('server', 'tested').history;
    expect(readFileSync(join(catalogue, move?.evidence?.file ?? ''), 'utf8')).toBe(
      resultOf(manifest, 'passed'),
    );
  });

  test('takes no test of other bytes, and no file that is none', async () => {
    const other = await fileSample(catalogue, { line: 'server', day: '2026-11-20' });
    await fileSample(catalogue, { line: 'server', day: '2026-11-21', tests: 'skipped' });
    const wrong = join(catalogue, 'releases/server', other, 'test-result.json');
    await expect(promote('server@candidate', 'tested', { testResult: wrong })).rejects.toMatchObject({
      code: 'E_PROMOTE_OTHER_BYTES',
      details: [expect.stringContaining('qcow2')],
    });
    writeFileSync(join(scratch, 'cut.json'), '{"_type":');
    await expect(
      promote('server@candidate', 'tested', { testResult: join(scratch, 'cut.json') }),
    ).rejects.toMatchObject({ code: 'E_TEST_RESULT_INVALID' });
    await expect(
      promote('server@candidate', 'tested', { testResult: join(scratch, 'none.json') }),
    ).rejects.toMatchObject({ kind: 'usage', code: 'E_NOT_FOUND' });
  });

  test('believes no result that was changed after it was filed', async () => {
    const long = await fileSample(catalogue, { line: 'server', day: '2026-11-21', tests: 'failed' });
    const directory = join(catalogue, 'releases/server', long);
    const manifest = parseReleaseManifest(readFileSync(join(directory, 'release.json'), 'utf8'));
    writeFileSync(join(directory, 'test-result.json'), resultOf(manifest, 'passed'));
    await expect(promote('server@candidate', 'tested')).rejects.toMatchObject({
      code: 'E_PROMOTE_OTHER_BYTES',
    });
    writeFileSync(join(directory, 'release.json'), '{}');
    await expect(promote('server@candidate', 'tested')).rejects.toMatchObject({ code: 'E_RELEASE_DAMAGED' });
  });

  test('tells when the clock has gone back a year', async () => {
    await fileSample(catalogue, { line: 'server', day: '2026-11-21' });
    await promoteRelease(
      { catalogue, release: 'server@candidate', channel: 'tested' },
      contextAt('2025-11-21T08:00:00Z'),
    );
    expect(warnings).toEqual([expect.stringContaining('behind the last change of server')]);
  });

  const names: readonly { release: string; to: string; code: string; because: string }[] = [
    { release: 'server', to: 'Tested', code: 'E_CHANNEL_NAME', because: 'channels are in small letters' },
    { release: 'server', to: '../../etc', code: 'E_CHANNEL_NAME', because: 'a name becomes part of a path' },
    { release: '../server', to: 'tested', code: 'E_RELEASE_NAME', because: 'so does a line' },
    { release: 'server@', to: 'tested', code: 'E_RELEASE_NAME', because: 'a version was forgotten' },
    { release: 'sever', to: 'tested', code: 'E_LINE_UNKNOWN', because: 'there is no such line' },
  ];
  test.each(names)('$release to $to is a slip ($code): $because', async ({ release, to, code }) => {
    await fileSample(catalogue, { line: 'server', day: '2026-11-21' });
    await expect(promote(release, to)).rejects.toMatchObject({ kind: 'usage', code });
  });
});

describe('rollback and revoke', () => {
  let [older, newer] = ['', ''];

  beforeEach(async () => {
    older = await fileSample(catalogue, { line: 'server', day: '2026-11-20' });
    await promote('server', 'tested');
    await promote('server', 'stable');
    newer = await fileSample(catalogue, { line: 'server', day: '2026-11-21' });
    await promote('server', 'tested');
    await promote('server', 'stable');
  });

  test('a channel goes back to the head before, and on again', async () => {
    const request = { catalogue, release: 'server', channel: 'stable', reason: 'slow' };
    expect(await rollbackRelease(request, NOON)).toMatchObject({ long: older, from: newer, changed: true });
    await promote(`server@${newer}`, 'stable');
    expect(channel('server', 'stable').history.map(({ action }) => action)).toEqual([
      'promote',
      'promote',
      'rollback',
      'promote',
    ]);
  });

  test('a revoked head is left by every channel and by latest in one step', async () => {
    const request = { catalogue, release: 'server@stable', reason: 'no network', replacement: '26.11.20' };
    expect(await revokeRelease(request, NOON)).toMatchObject({
      long: newer,
      replacement: older,
      moved: { candidate: older, stable: older, tested: older },
    });
    expect(readlinkSync(join(catalogue, 'latest/server'))).toBe(`../releases/server/${older}`);
    expect(indexOf('server').aliases).not.toHaveProperty('26.11.21');
    await expect(promote(`server@${newer}`, 'stable')).rejects.toMatchObject({
      code: 'E_RELEASE_REVOKED',
      hint: expect.stringContaining(older),
    });
    expect(await revokeRelease({ ...request, release: `server@${newer}` }, NOON)).toMatchObject({
      changed: false,
    });
  });

  test('what was made from a revoked release is revoked with it, in other lines, too', async () => {
    const base = { method: 'disk' as const, digest: 'b'.repeat(64), parent: `server@${older}` };
    const child = await fileSample(catalogue, { line: 'kvm', day: '2026-11-22', changes: { base } });
    const parent = `kvm@${child}`;
    const grandchild = await fileSample(catalogue, {
      line: 'edge',
      day: '2026-11-22',
      changes: { base: { ...base, parent } },
    });
    const outcome = await revokeRelease({ catalogue, release: `server@${older}`, reason: 'CVE' }, NOON);
    expect(outcome.descendants).toEqual([parent, `edge@${grandchild}`]);
    expect(indexOf('edge')).toMatchObject({
      channels: {},
      releases: [{ state: 'revoked', revoked: { inheritedFrom: `server@${older}` } }],
    });
  });

  test('a pin is kept, renewed and taken away', async () => {
    const request = { catalogue, release: `server@${older}`, by: 'anna@desk', remove: false };
    await pinRelease({ ...request, reason: 'customer X', until: '2027-06-30' }, NOON);
    expect(await pinRelease({ ...request, reason: 'customer X', until: '2027-06-30' }, NOON)).toMatchObject({
      changed: false,
    });
    expect(indexOf('server').releases[0]?.pins).toMatchObject([
      { reason: 'customer X', until: '2027-06-30' },
    ]);
    await pinRelease({ ...request, remove: true }, NOON);
    expect(indexOf('server').releases[0]).not.toHaveProperty('pins');
  });
});

describe('a catalogue that was tampered with', () => {
  test('no channel moves to a release that somebody removed or cut short', async () => {
    const older = await fileSample(catalogue, { line: 'server', day: '2026-11-20' });
    await promote('server', 'tested');
    const newer = await fileSample(catalogue, { line: 'server', day: '2026-11-21' });
    await promote('server', 'tested');
    const disk = join(catalogue, 'releases/server', newer, `server_${newer}_x86_64-kvm.qcow2`);
    writeFileSync(disk, 'cut');
    rmSync(join(catalogue, 'releases/server', older), { recursive: true });
    const damaged = { kind: 'conflict', code: 'E_RELEASE_DAMAGED' };
    await expect(promote(`server@${newer}`, 'stable')).rejects.toMatchObject(damaged);
    const back = rollbackRelease({ catalogue, release: 'server', channel: 'tested' }, NOON);
    await expect(back).rejects.toMatchObject(damaged);
    const request = { catalogue, release: `server@${newer}`, reason: 'cut', replacement: 'previous' };
    await expect(revokeRelease(request, NOON)).rejects.toMatchObject(damaged);
    expect(await revokeRelease({ ...request, replacement: 'none' }, NOON)).toMatchObject({ changed: true });
  });

  test('a line whose directory is another one’s copy is refused', async () => {
    await fileSample(catalogue, { line: 'server', day: '2026-11-21' });
    mkdirSync(join(catalogue, 'lines/edge'));
    cpSync(join(catalogue, 'lines/server/journal.json'), join(catalogue, 'lines/edge/journal.json'));
    cpSync(join(catalogue, 'lines/server/index.json'), join(catalogue, 'lines/edge/index.json'));
    await expect(promote('edge@candidate', 'tested')).rejects.toMatchObject({ code: 'E_JOURNAL_INVALID' });
  });

  test('a journal that is cut short stops every change, and nothing is lost by that', async () => {
    const long = await fileSample(catalogue, { line: 'server', day: '2026-11-21' });
    const path = join(catalogue, 'lines/server/journal.json');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.slice(0, 100));
    await expect(promote('server@candidate', 'tested')).rejects.toMatchObject({
      kind: 'conflict',
      code: 'E_JOURNAL_INVALID',
    });
    writeFileSync(path, text);
    expect(await promote('server@candidate', 'tested')).toMatchObject({ long });
  });
});
