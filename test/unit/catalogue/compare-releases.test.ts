import { describe, expect, test } from '@jest/globals';
import { compareReleases, type ReleaseRecords } from '../../../src/catalogue/compare-releases.ts';
import {
  parseReleaseDiff,
  renderReleaseDiff,
  type ReleaseDiff,
} from '../../../src/catalogue/release-diff.ts';
import { sampleManifest } from '../manifests/sample-manifest.ts';
import { sampleDiff, sampleRecords } from './sample-releases.ts';

const UNKNOWN = { known: false, reason: 'server 26.11.21-1.57 has no such file' } as const;
const compare = (changes: Partial<ReleaseRecords>): ReleaseDiff =>
  compareReleases(
    { from: sampleRecords('26.11.20-1.56'), to: sampleRecords('26.11.21-1.57', changes) },
    UNKNOWN,
    [],
  );

function unknownAspects(diff: ReleaseDiff): string[] {
  return Object.entries(diff).flatMap(([name, aspect]) =>
    typeof aspect === 'object' && 'known' in aspect && !aspect.known ? [name] : [],
  );
}

describe('compareReleases', () => {
  test.each([
    { changes: {}, unknown: ['packages'], because: 'all other records are there' },
    {
      changes: { files: UNKNOWN },
      unknown: ['packages', 'files', 'sizes'],
      because: 'sizes are from the list of files',
    },
    {
      changes: { facts: UNKNOWN },
      unknown: ['packages', 'services', 'listeners', 'configuration', 'kernelArguments'],
      because: 'all these are facts of the guest',
    },
    {
      changes: { manifest: UNKNOWN },
      unknown: ['system', 'packages', 'artifacts'],
      because: 'the manifest says what was made',
    },
  ] satisfies { changes: Partial<ReleaseRecords>; unknown: string[]; because: string }[])(
    'unknown is $unknown: $because',
    ({ changes, unknown }) => {
      expect(unknownAspects(compare(changes))).toEqual(unknown);
    },
  );

  test('of the manifests only what differs is told', () => {
    const manifest = sampleManifest('26.11.21-1.57', {
      os: { id: 'debian', version: '13', kernel: '6.12.60', releaseLine: '26.11.21' },
      recipe: { digest: '9'.repeat(64), profile: 'server' },
    });
    expect(compare({ manifest: { known: true, value: manifest } }).system).toEqual({
      known: true,
      changes: [
        { what: 'kernel', from: '6.12.57+deb13-cloud-amd64', to: '6.12.60' },
        { what: 'release line', to: '26.11.21' },
        { what: 'recipe', from: 'a'.repeat(64), to: '9'.repeat(64) },
      ],
    });
  });

  test('artifacts are the same ones by what they are for', () => {
    const [first] = sampleManifest().artifacts;
    if (!first) throw new Error('the sample has one');
    const artifacts = [
      { ...first, sizeBytes: 9 },
      { ...first, target: 'hyperv', format: 'vhd', outer: 'zip' as const, file: 'x.vhd.zip' },
    ];
    const manifest = sampleManifest('26.11.21-1.57', { artifacts });
    expect(compare({ manifest: { known: true, value: manifest } }).artifacts).toMatchObject({
      list: [
        { target: 'kvm', format: 'qcow2', from: { sizeBytes: 4 }, to: { sizeBytes: 9 } },
        { target: 'hyperv', format: 'vhd.zip', to: { file: 'x.vhd.zip' } },
      ],
    });
  });
});

describe('diff.json', () => {
  test.each([
    { diff: sampleDiff(), because: 'something of everything happened' },
    { diff: compare({ files: UNKNOWN, facts: UNKNOWN, manifest: UNKNOWN }), because: 'nothing is known' },
    { diff: sampleDiff({ notes: ['server 1 is not as it was filed'] }), because: 'there is a note' },
  ])('reads back as it was written: $because', ({ diff }) => {
    expect(parseReleaseDiff(renderReleaseDiff(diff))).toEqual(diff);
  });

  test.each([
    { text: '{"schema": 1}', because: 'nothing is in it' },
    { text: renderReleaseDiff(sampleDiff()).slice(0, 500), because: 'it is cut' },
    {
      text: renderReleaseDiff(sampleDiff()).replace('"known": true', '"known": false'),
      because: 'unknown needs a reason',
    },
  ])('is refused: $because', ({ text }) => {
    expect(() => parseReleaseDiff(text)).toThrow(expect.objectContaining({ code: 'E_DIFF_INVALID' }));
  });

  test('of a later time says so', () => {
    expect(() => parseReleaseDiff('{"schema": 2}')).toThrow(
      expect.objectContaining({ code: 'E_SCHEMA_NEWER' }),
    );
  });
});
