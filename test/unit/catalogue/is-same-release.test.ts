import { describe, expect, test } from '@jest/globals';
import { isSameRelease, type WantedRelease } from '../../../src/catalogue/is-same-release.ts';
import type { ReleaseGuest, ReleaseManifest } from '../../../src/manifests/release.ts';
import { sampleManifest } from '../manifests/sample-manifest.ts';

const guest: ReleaseGuest = {
  contract: 'nocloud',
  hostname: 'localhost',
  sshPort: 22,
  consoles: ['ttyS0'],
  listeners: [],
  releaseFiles: [],
  disk: { layout: 'bios', secureBoot: false },
  ownFiles: { placed: [], expected: [] },
  checks: [{ type: 'listening', port: 22 }],
};

const [content, outputs, base] = ['1', '2', '3'].map((digit) => digit.repeat(64));
if (content === undefined || outputs === undefined || base === undefined) throw new Error('three were made');

const wanted: WantedRelease = {
  arch: 'x86_64',
  contentDigest: content,
  outputsDigest: outputs,
  baseDigest: base,
  guest,
  isTested: true,
};

const filed = sampleManifest('26.11.21-2.57', {
  contentDigest: content,
  recipe: { digest: 'a'.repeat(64), outputsDigest: outputs, profile: 'server' },
  base: { method: 'bootstrap', digest: base },
  guest,
  tests: { result: 'passed' },
});

const { contentDigest: _content, guest: _guest, ...bare } = filed;

describe('isSameRelease', () => {
  test.each<{ changes?: Partial<ReleaseManifest>; want?: Partial<WantedRelease>; because: string }>([
    { because: 'all is equal' },
    {
      changes: { recipe: { ...filed.recipe, digest: '9'.repeat(64) } },
      because: 'a recipe may say it otherwise',
    },
    {
      changes: { guest: { ...guest, checks: [{ port: 22, type: 'listening' }] } },
      because: 'order says nothing',
    },
    { changes: { tests: { result: 'skipped' } }, want: { isTested: false }, because: 'neither is tested' },
    { want: { isTested: false }, because: 'what is there was even tested' },
    { changes: { skipped: [] }, because: 'nothing was left out' },
  ])('so it is: $because', ({ changes = {}, want = {} }) => {
    expect(isSameRelease({ ...filed, ...changes }, { ...wanted, ...want })).toBe(true);
  });

  test.each<{ changes?: Partial<ReleaseManifest>; want?: Partial<WantedRelease>; because: string }>([
    { want: { contentDigest: '9'.repeat(64) }, because: 'a file changed' },
    { want: { outputsDigest: '9'.repeat(64) }, because: 'another format is wanted' },
    { want: { baseDigest: '9'.repeat(64) }, because: 'boot code may have changed' },
    { want: { arch: 'aarch64' }, because: 'it is for other machines' },
    { want: { guest: { ...guest, sshPort: 3922 } }, because: 'it promises something else' },
    { changes: { tests: { result: 'skipped' } }, because: 'what is there was never tested' },
    { changes: { tests: { result: 'failed' } }, because: 'what is there failed its tests' },
    {
      changes: { skipped: [{ target: 'vmware', format: 'ova', reason: 'no tool' }] },
      because: 'what was left out may come about now',
    },
  ])('so it is not: $because', ({ changes = {}, want = {} }) => {
    expect(isSameRelease({ ...filed, ...changes }, { ...wanted, ...want })).toBe(false);
  });

  test('nor is one from before contents were digested, or from elsewhere', () => {
    expect(isSameRelease(bare, wanted)).toBe(false);
    expect(isSameRelease({ ...bare, contentDigest: content ?? '' }, wanted)).toBe(false);
  });
});
