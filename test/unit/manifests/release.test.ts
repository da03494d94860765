import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/errors/failure.ts';
import {
  checkReleaseManifest,
  parseReleaseManifest,
  renderReleaseManifest,
  versionRecordOf,
  type ReleaseManifest,
} from '../../../src/manifests/release.ts';
import { sampleManifest } from './sample-manifest.ts';

const manifest = sampleManifest();
const [artifact] = manifest.artifacts;

const GUEST: NonNullable<ReleaseManifest['guest']> = {
  contract: 'nocloud',
  hostname: 'localhost',
  sshPort: 22,
  consoles: ['tty0'],
  listeners: ['udp/68'],
  releaseFiles: [{ path: '/etc/release', brand: 'Server' }],
  disk: { layout: 'bios', secureBoot: false },
  ownFiles: { placed: ['/etc/x'], expected: ['/usr/lib/app*'] },
  checks: [{ type: 'port', port: 22 }],
};

test('a manifest is read back as it was written', () => {
  expect(parseReleaseManifest(renderReleaseManifest(manifest))).toEqual(manifest);
});

test('every optional member is known', () => {
  const full = {
    ...manifest,
    contentDigest: 'a'.repeat(64),
    recipe: { ...manifest.recipe, repo: 'images', commit: '0a1b2c', dirty: false },
    base: { ...manifest.base, parent: '26.11.20-1.56' },
    os: { ...manifest.os, releaseLine: 'Cosmic Release 26.11.21 Sat' },
    mirrors: [{ suite: 'trixie', inReleaseSha256: 'a'.repeat(64), date: '2026-11-21T02:00:00Z' }],
    host: { accelerator: 'tcg' as const, cpus: 2, kernel: '6.1' },
    skipped: [{ target: 'vmware', format: 'ova', reason: 'the kernel lacks IDE' }],
    tests: {
      result: 'passed' as const,
      contract: 'nocloud',
      channel: 'real' as const,
      formats: ['qcow2'],
      bootMs: 12_000,
      boots: [
        { name: 'kvm qcow2', file: 'x.qcow2', contract: 'nocloud', channel: 'real' as const, bootMs: 12_000 },
      ],
    },
    guest: GUEST,
    timings: { packer: 41_000 },
    compat: { cosmic: true },
    artifacts: [
      { ...artifact, outer: 'gz' as const, uncompressed: { sizeBytes: 9, sha256: 'a'.repeat(64) } },
    ],
  };
  expect(checkReleaseManifest(full)).toEqual([]);
});

describe('a manifest is refused', () => {
  const rows: readonly { change: object; paths: string[]; because: string }[] = [
    { change: { schema: 2 }, paths: ['.schema'], because: 'a later format is not guessed at' },
    { change: { line: '../etc' }, paths: ['.line'], because: 'a line is a directory name' },
    { change: { colour: 'red' }, paths: ['.colour'], because: 'unknown members are slips' },
    {
      change: { recipe: { digest: 'A'.repeat(64), profile: '' } },
      paths: ['.recipe.digest', '.recipe.profile'],
      because: 'all faults are told',
    },
    {
      change: { version: { ...manifest.version, wire: '26.11.21.58' } },
      paths: ['.version.wire'],
      because: 'every spelling comes from one record',
    },
    {
      change: { version: { ...manifest.version, date: '2026-02-30' } },
      paths: ['.version.date'],
      because: 'the day must exist',
    },
    { change: { artifacts: [] }, paths: ['.artifacts'], because: 'a release without files is none' },
    {
      change: { artifacts: [artifact, artifact] },
      paths: ['.artifacts[1].file'],
      because: 'one name is one file',
    },
    {
      change: { artifacts: [{ ...artifact, file: '../disk.qcow2' }] },
      paths: ['.artifacts[0].file'],
      because: 'files stay in their directory',
    },
    {
      change: { artifacts: [{ ...artifact, sizeBytes: 1.5 }] },
      paths: ['.artifacts[0].sizeBytes'],
      because: 'bytes are whole',
    },
    {
      change: { guest: { ...GUEST, contract: 'cosmic', checks: [{}] } },
      paths: ['.guest.contract', '.guest.checks[0].type'],
      because: 'a promise that nobody can keep is none',
    },
    {
      change: {
        tests: { result: 'passed', boots: [{ name: 'x', file: '../x', contract: 'c', channel: 'tv' }] },
      },
      paths: ['.tests.boots[0].file', '.tests.boots[0].channel'],
      because: 'a boot was of a file of the release',
    },
    { change: { created: 'yesterday' }, paths: ['.created'], because: 'instants are exact' },
  ];
  test.each(rows)('$paths: $because', ({ change, paths }) => {
    const faults = checkReleaseManifest({ ...manifest, ...change });
    expect(faults.map((fault) => fault.path).toSorted()).toEqual(paths.toSorted());
  });
});

test.each(['', '{"schema":1', '[]', 'null', '{}'])('a damaged file is a conflict, not a bug: %j', (text) => {
  const damaged = expect.objectContaining({ kind: 'conflict', code: 'E_RELEASE_INVALID' });
  expect(() => parseReleaseManifest(text, 'releases/server/26.11.21-2.57/release.json')).toThrow(damaged);
  expect(() => parseReleaseManifest(text)).toThrow(Failure);
});

test('the record behind the version', () => {
  expect(versionRecordOf(manifest.version)).toEqual({
    scheme: 'date',
    date: { year: 2026, month: 11, day: 21 },
    rev: 2,
    build: 57,
  });
});
