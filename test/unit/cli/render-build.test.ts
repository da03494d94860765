import { describe, expect, test } from '@jest/globals';
import type { BuildOutcome } from '../../../src/workflows/build-outcome.ts';
import { describeBuilds } from '../../../src/cli/commands/build.ts';
import { renderBuildOutcome } from '../../../src/cli/render-build.ts';
import { PLAIN_STYLE } from '../../../src/cli/text-style.ts';

const MIB = 1024 * 1024;
const layout = { width: 80, style: PLAIN_STYLE };

const built: BuildOutcome = {
  status: 'built',
  line: 'server',
  long: '26.11.21-1.57',
  arch: 'x86_64',
  path: 'catalogue/releases/server/26.11.21-1.57/server_26.11.21-1.57_x86_64-kvm.qcow2',
  artifacts: [
    {
      target: 'kvm',
      path: 'catalogue/releases/server/26.11.21-1.57/server_26.11.21-1.57_x86_64-kvm.qcow2',
      sizeBytes: 188 * MIB,
      virtualSizeBytes: 5120 * MIB,
      sha256: `9f2c${'0'.repeat(58)}41`,
    },
  ],
  stageMs: { packer: 41_000, plan: 600, base: 108_000 },
  totalMs: 221_000,
  usualMs: 230_000,
  sizes: { baseBytes: 640 * MIB, finishedBytes: 655 * MIB, packedBytes: 188 * MIB },
  biggestPackages: [
    { name: 'linux-image', sizeBytes: 101 * MIB },
    { name: 'perl-base', sizeBytes: 8 * MIB },
  ],
  remarks: ['since 26.11.20-1.56: 2 upgraded'],
};

describe('the summary of a build', () => {
  test('says what came out, what it took and what it costs', () => {
    expect(renderBuildOutcome(built, layout)).toBe(
      [
        '  server 26.11.21-1.57                                  3m 41 s, usually 3m 50 s',
        '  catalogue/releases/server/26.11.21-1.57/server_26.11.21-1.57_x86_64-kvm.qcow2',
        '  188 MiB (5.0 GiB virtual)   sha256 9f2c…41',
        '  time      plan 0.6 s · base 1m 48 s · packer 41 s',
        '  size      base 640 MiB → finished 655 MiB → packed 188 MiB',
        '  packages  linux-image 101 MiB, perl-base 8.0 MiB',
        '  since 26.11.20-1.56: 2 upgraded',
      ].join('\n'),
    );
  });

  test('lists several artifacts, and shows where they are', () => {
    const [kvm] = built.artifacts;
    if (!kvm) throw new Error('no artifact');
    const hyperv = {
      ...kvm,
      target: 'hyperv',
      path: kvm.path.replace('kvm.qcow2', 'hyperv.vhdx.zip'),
      sizeBytes: MIB,
    };
    const several = { ...built, path: 'catalogue/releases/server/26.11.21-1.57', artifacts: [kvm, hyperv] };
    expect(renderBuildOutcome(several, layout).split('\n').slice(1, 4)).toEqual([
      '  catalogue/releases/server/26.11.21-1.57',
      '  kvm     server_26.11.21-1.57_x86_64-kvm.qcow2        188 MiB (5.0 GiB virtual)  sha256 9f2c…41',
      '  hyperv  server_26.11.21-1.57_x86_64-hyperv.vhdx.zip  1.0 MiB (5.0 GiB virtual)  sha256 9f2c…41',
    ]);
    expect(describeBuilds([several], layout).result).toBe(`${kvm.path}\n${hyperv.path}`);
  });

  test('leaves out what is not known', () => {
    const { usualMs: _usual, path: _path, ...rest } = built;
    const text = renderBuildOutcome(
      { ...rest, artifacts: [], stageMs: {}, sizes: {}, biggestPackages: [] },
      layout,
    );
    expect(text).not.toMatch(/usually|time {2}|size {2}|packages|catalogue/);
  });

  test('nothing to do names the release that already has it', () => {
    expect(renderBuildOutcome({ ...built, status: 'up-to-date', totalMs: 900 }, layout)).toMatch(
      /^up to date: server 26\.11\.21-1\.57 has the same recipe and the same packages \(checked in 0\.9 s\)\n/,
    );
  });

  test('equal content names the release that has it, and the number that is gone', () => {
    const remarks = ['BUILD 58 of server is used up: no release will have that number'];
    const unchanged: BuildOutcome = { ...built, status: 'unchanged', burnt: 58, remarks, totalMs: 61_000 };
    expect(renderBuildOutcome(unchanged, layout).split('\n')).toEqual([
      'unchanged: server 26.11.21-1.57 has the same content, so nothing was filed (found in 1m 01 s)',
      expect.stringMatching(/^ {2}\S/),
      '  BUILD 58 of server is used up: no release will have that number',
    ]);
  });

  test('a dry run shows the plan in short and says that nothing happened', () => {
    const packages = [
      { name: 'adduser', version: '3.152' },
      { name: 'apt', version: '3.0.4' },
    ];
    const plan = { profile: { name: 'server', disk: {} }, baseDigest: '0'.repeat(64), packages };
    expect(
      renderBuildOutcome({ ...built, status: 'planned', plan, remarks: [] }, layout).split('\n'),
    ).toEqual([
      'would build server 26.11.21-1.57 for x86_64; nothing was reserved or written',
      '  profile     server',
      `  baseDigest  ${'0'.repeat(64)}`,
      '  packages    2: adduser 3.152, apt 3.0.4',
      '  in a pipe, or with --json, the whole plan is printed',
    ]);
  });

  test('the result of a dry run is the whole plan', () => {
    const planned: BuildOutcome = { ...built, status: 'planned', plan: { packages: 214 } };
    expect(JSON.parse(describeBuilds([planned], layout).result ?? '')).toEqual({ packages: 214 });
    expect(JSON.parse(describeBuilds([planned, planned], layout).result ?? '')).toHaveLength(2);
  });

  test('one build puts its facts at the top of the document, several make a list', () => {
    expect(describeBuilds([built], layout).document).toMatchObject({ status: 'built', path: built.path });
    expect(describeBuilds([built, built], layout).document).toEqual({ builds: [built, built] });
  });

  test('the result for scripts is one path per line', () => {
    expect(describeBuilds([built, built], layout).result).toBe(`${built.path}\n${built.path}`);
    const { path: _path, ...pathless } = built;
    expect(describeBuilds([{ ...pathless, artifacts: [] }], layout).result).toBeUndefined();
  });
});
