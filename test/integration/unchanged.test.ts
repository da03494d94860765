import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ReleaseManifest } from '../../src/manifests/release.ts';
import { compileWhenStale, type CliResult } from './compiled-cli.ts';
import { startInPairs } from './kill-checks.ts';
import { Lab, whyNoLab } from './lab.ts';
import { ageLeftovers, allocationsOf, leftoversOf, listTree, servedFaults } from './lab-state.ts';

const reason = whyNoLab();
const describeLab = reason === undefined ? describe : describe.skip;
if (reason !== undefined) process.stderr.write(`skipped: equal builds in the lab, because ${reason}\n`);

const BUILD_MS = 120_000;

describeLab('a build that gives the same content again', () => {
  let first: Lab;
  beforeAll(async () => {
    compileWhenStale();
    first = Lab.make();
    first.provision('the same\n');
    expect(statusOf(await first.build())).toMatchObject({ status: 'built' });
  }, 240_000);
  afterAll(() => first.remove());

  const inCopy = async (action: (lab: Lab) => Promise<void>): Promise<void> => {
    const lab = first.copy();
    try {
      await action(lab);
      expect([...(await leftoversOf(lab)), ...servedFaults(lab)]).toEqual([]);
    } finally {
      lab.remove();
    }
  };

  test('the first one says what is in it', () => {
    const { directory, release } = newest(first);
    expect(release.contentDigest).toMatch(/^[0-9a-f]{64}$/);
    const bill = readFileSync(join(directory, 'sbom.cdx.json'), 'utf8');
    expect(bill).toContain('"pkg:deb/debian/apt@1?arch=amd64&distro=debian-13"');
    expect(bill).toContain(release.artifacts[0]?.sha256);
    expect(readFileSync(join(directory, 'SHA256SUMS'), 'utf8')).toContain('sbom.cdx.json');
  });

  test(
    'is not filed; its number is used up, and names the release that is the same',
    async () => {
      await inCopy(async (lab) => {
        const before = newest(lab);
        const { long } = before.release.version;
        const result = await lab.build();
        expect(statusOf(result)).toMatchObject({
          ok: true,
          status: 'unchanged',
          long,
          burnt: 2,
          release: { contentDigest: before.release.contentDigest },
          artifacts: [{ target: 'kvm', sha256: before.release.artifacts[0]?.sha256 }],
        });
        expect(result.stderr).toContain(`unchanged: lab ${long} has the same content, so nothing was filed`);
        expect(result.stderr).toContain('BUILD 2 of lab is used up');
        expect(result.stderr).not.toMatch(/convert +done/);
        expect(allocationsOf(lab)).toEqual({ 1: 'released', 2: 'unchanged' });
        expect(allocation(lab, 2)).toMatchObject({ equalTo: long });
        expect(newest(lab)).toEqual(before);
        expect(readdirSync(join(lab.catalogue, 'releases/lab'))).toEqual([long]);
        expect(listTree(lab.runs).filter((path) => /\.(?:raw|qcow2)$/.test(path))).toEqual([]);
        const again = await lab.resume([runOf(lab, 2)]);
        expect(again).toMatchObject({
          exitCode: 6,
          stderr: expect.stringContaining(`its content is that of lab ${long}, so nothing was filed`),
        });
      });
    },
    BUILD_MS,
  );

  test(
    'is filed when a file changed, and the number between stays free; then the older one does not count',
    async () => {
      await inCopy(async (lab) => {
        expect(statusOf(await lab.build())).toMatchObject({ status: 'unchanged' });
        lab.provision('something else\n');
        expect(statusOf(await lab.build())).toMatchObject({
          status: 'built',
          long: expect.stringMatching(/\.3$/),
        });
        lab.provision('the same\n');
        expect(statusOf(await lab.build())).toMatchObject({
          status: 'built',
          long: expect.stringMatching(/\.4$/),
        });
        expect(allocationsOf(lab)).toEqual({ 1: 'released', 2: 'unchanged', 3: 'released', 4: 'released' });
      });
    },
    BUILD_MS,
  );

  test.each([
    { changes: { targets: { kvm: { format: 'raw' } } }, because: 'another format is wanted' },
    { changes: { targets: { kvm: { also: [{ format: 'vhdx' }] } } }, because: 'one more format is wanted' },
    { changes: { guest: { sshPort: 2022 } }, because: 'another port is promised' },
  ])(
    'is filed, because $because',
    async ({ changes }) => {
      await inCopy(async (lab) => {
        lab.writeProfile(changes);
        expect(statusOf(await lab.build())).toMatchObject({ status: 'built' });
      });
    },
    BUILD_MS,
  );

  test(
    'is filed when it is tested, and the one before was not; the next one is not',
    async () => {
      await inCopy(async (lab) => {
        expect(statusOf(await lab.startTested().done)).toMatchObject({ status: 'built' });
        expect(statusOf(await lab.startTested().done)).toMatchObject({ status: 'unchanged' });
        expect(statusOf(await lab.build())).toMatchObject({ status: 'unchanged' });
      });
    },
    BUILD_MS,
  );

  test(
    'whose process ended right after it was found out is told so when it is gone on with',
    async () => {
      await inCopy(async (lab) => {
        expect(statusOf(await lab.build())).toMatchObject({ status: 'unchanged' });
        const state = join(runOf(lab, 2), 'state.json');
        const { equalTo, ...before } = JSON.parse(readFileSync(state, 'utf8'));
        const owner = { ...before.owner, startTicks: 1 };
        writeFileSync(state, JSON.stringify({ ...before, owner, status: 'running' }));
        expect(statusOf(await lab.resume())).toMatchObject({ status: 'unchanged', long: equalTo, burnt: 2 });
        expect(JSON.parse(readFileSync(state, 'utf8'))).toMatchObject({ status: 'done', equalTo });
        expect(allocationsOf(lab)).toEqual({ 1: 'released', 2: 'unchanged' });
      });
    },
    BUILD_MS,
  );

  test(
    'may be killed at every change from there on: the line is as it was, and so says the next build',
    async () => {
      const counted = first.copy();
      expect(statusOf(await counted.build([], { countCalls: true }))).toMatchObject({ status: 'unchanged' });
      const calls = counted.readCalls();
      counted.remove();
      // From where the number is given up to where others may build the line; what follows is in every build.
      const begin = calls.findLastIndex((line) => /^\d+ open .*\/alloc\//.test(line));
      const settling = calls.slice(
        begin,
        calls.findLastIndex((line) => line.endsWith('/.turn')),
      );
      expect(settling.length).toBeGreaterThan(4);
      const results = startInPairs(settling, async (line) => {
        const call = Number(line.split(' ')[0]);
        let faults: string[] = [];
        await inCopy(async (lab) => {
          const { signal } = await lab.build([], {
            killAt: { call, when: call % 2 === 0 ? 'before' : 'after' },
          });
          ageLeftovers(lab);
          const { status } = statusOf(await lab.build());
          const states = Object.values(allocationsOf(lab)).join(' ');
          faults = [
            ...(signal === 'SIGKILL' ? [] : ['it was not killed']),
            ...(status === 'unchanged' ? [] : [`the next build is ${String(status)}`]),
            ...(/^released (?:failed|unchanged) unchanged$/.test(states) ? [] : [`allocations: ${states}`]),
            ...(readdirSync(join(lab.catalogue, 'releases/lab')).length === 1 ? [] : ['it filed something']),
          ];
        });
        return faults.map((fault) => `${line}: ${fault}`);
      });
      expect((await Promise.all(results.values())).flat()).toEqual([]);
    },
    3 * BUILD_MS,
  );

  test(
    'is settled by the one who goes on with it, when it was killed in between',
    async () => {
      await inCopy(async (lab) => {
        lab.tell('virt-sparsify', 'end', 'pause');
        const running = lab.start();
        await lab.untilPaused('virt-sparsify', 'end', running);
        running.child.kill('SIGKILL');
        await running.done;
        lab.tellNothing();
        expect(statusOf(await lab.resume())).toMatchObject({ status: 'unchanged', burnt: 2 });
        expect(allocationsOf(lab)).toEqual({ 1: 'released', 2: 'unchanged' });
        expect(existsSync(join(lab.catalogue, 'failed/lab'))).toBe(false);
      });
    },
    BUILD_MS,
  );
});

function statusOf({ exitCode, stdout, stderr }: CliResult): Readonly<Record<string, unknown>> {
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}\n${stderr}`);
  return JSON.parse(stdout);
}

/** The release that `latest` leads to. */
function newest(lab: Lab): { directory: string; release: ReleaseManifest } {
  const release: ReleaseManifest = JSON.parse(
    readFileSync(join(lab.catalogue, 'latest/lab/release.json'), 'utf8'),
  );
  return { directory: join(lab.catalogue, 'releases/lab', release.version.long), release };
}

/** Directory of the run that was to build a BUILD. */
function runOf(lab: Lab, build: number): string {
  const runs = readdirSync(lab.runs).map((name) => join(lab.runs, name));
  const isIt = (run: string): boolean =>
    readFileSync(join(run, 'state.json'), 'utf8').includes(`.${build}",`);
  return runs.find(isIt) ?? '';
}

function allocation(lab: Lab, build: number): unknown {
  return JSON.parse(readFileSync(join(lab.catalogue, `lines/lab/alloc/${build}.json`), 'utf8'));
}
