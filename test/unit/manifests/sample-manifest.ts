import { parseIsoDate } from '../../../src/values/calendar-date.ts';
import { releaseVersionOf, type ReleaseManifest } from '../../../src/manifests/release.ts';
import { parseIdentity } from '../../../src/versions/parse-version.ts';

/** A complete, valid manifest; `changes` replace top-level members. */
export function sampleManifest(
  long = '26.11.21-2.57',
  changes: Partial<ReleaseManifest> = {},
): ReleaseManifest {
  const version = releaseVersionOf(parseIdentity(long));
  const day = parseIsoDate(version.date);
  return {
    schema: 1,
    name: 'server',
    line: 'server',
    scheme: 'date',
    version,
    arch: 'x86_64',
    created: '2026-11-21T07:31:00.000Z',
    sourceDateEpoch: day ? Date.UTC(day.year, day.month - 1, day.day) / 1000 : 0,
    state: 'active',
    recipe: { digest: 'a'.repeat(64), profile: 'server' },
    base: { method: 'bootstrap', digest: 'b'.repeat(64) },
    os: { id: 'debian', version: '13', kernel: '6.12.57+deb13-cloud-amd64' },
    tools: { packer: '1.6.6' },
    host: { accelerator: 'tcg' },
    packagesDigest: 'c'.repeat(64),
    artifacts: [
      {
        role: 'disk',
        target: 'kvm',
        format: 'qcow2',
        file: `server_${long}_x86_64-kvm.qcow2`,
        sizeBytes: 4,
        sha256: 'd'.repeat(64),
        sha512: 'e'.repeat(128),
        md5: 'f'.repeat(32),
        virtualSizeBytes: 5_368_709_120,
        compression: 'zlib',
      },
    ],
    ...changes,
  };
}
