import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ReleaseManifest } from '../../src/manifests/release.ts';
import { compileWhenStale } from './compiled-cli.ts';
import { inCopy, makeScene, reportFaults, type Scene } from './kill-checks.ts';
import { whyNoLab, type Lab } from './lab.ts';
import { allocationsOf, leftoversOf, servedFaults } from './lab-state.ts';

const reason = whyNoLab();
const describeLab = reason === undefined ? describe : describe.skip;
if (reason !== undefined) process.stderr.write(`skipped: tested builds in the lab, because ${reason}\n`);

const CASE_MS = 120_000;

/** What a guest answers that has a unit that failed. */
const BROKEN = { units: 'degraded\napp.service loaded failed failed The app\n\nApp: no such file' };

describeLab('a build that is tested', () => {
  let scene: Scene;
  beforeAll(async () => {
    compileWhenStale();
    scene = await makeScene();
  }, 240_000);
  afterAll(() => scene.lab.remove());

  const inLab = (action: (lab: Lab) => Promise<void>): Promise<void> =>
    inCopy(scene, [], ({ lab }) => action(lab));

  test('one that was not says so', () => {
    expect(manifestOf(scene.lab).tests).toEqual({ result: 'skipped' });
  });

  test(
    'is filed with its reports, which the release counts among its files',
    async () => {
      await inLab(async (lab) => {
        const { exitCode, stderr } = await lab.startTested().done;
        expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringMatching(/test +done in/) });
        const { tests } = manifestOf(lab);
        expect(tests).toMatchObject({ result: 'passed', contract: 'nocloud', channel: 'real' });
        expect(tests?.boots?.map(({ name }) => name)).toEqual(['kvm qcow2', 'kvm qcow2, second machine']);
        const names = readdirSync(join(lab.catalogue, 'latest/lab'));
        expect(names).toEqual(expect.arrayContaining([...REPORTS, 'facts.json', 'kvm-qcow2.serial.log']));
        expect([...(await leftoversOf(lab)), ...servedFaults(lab)]).toEqual([]);
      });
    },
    CASE_MS,
  );

  test(
    'one that fails is burnt and kept with its evidence; the release before stays; only the test is done again',
    async () => {
      await inLab(async (lab) => {
        const before = manifestOf(lab).version.long;
        answer(lab, BROKEN);
        const failed = await lab.startTested().done;
        expect(reportFaults(failed, 7, ['failed its tests', 'app.service', /test +failed/])).toEqual([]);
        expect(manifestOf(lab).version.long).toBe(before);
        expect(allocationsOf(lab)[2]).toBe('failed');
        const [long = ''] = readdirSync(join(lab.catalogue, 'failed/lab'));
        const kept = join(lab.catalogue, 'failed/lab', long);
        expect(readdirSync(kept)).toEqual(
          expect.arrayContaining([
            ...REPORTS,
            'failure.json',
            'kvm-qcow2.serial.log',
            'kvm-qcow2.screen.png',
          ]),
        );
        expect(readFileSync(join(kept, 'junit.xml'), 'utf8')).toContain('app.service');
        expect([...(await leftoversOf(lab)), ...servedFaults(lab)]).toEqual([]);

        lab.tellNothing();
        const resumed = await lab.resume();
        expect(resumed).toMatchObject({ exitCode: 0 });
        expect(skippedIn(lab)).toEqual(['base', 'packer', 'finish', 'convert']);
        expect(manifestOf(lab)).toMatchObject({ version: { long }, tests: { result: 'passed' } });
        expect(existsSync(kept)).toBe(false);
        expect([...(await leftoversOf(lab)), ...servedFaults(lab)]).toEqual([]);
      });
    },
    CASE_MS,
  );

  test(
    'a run that was killed after its test does not test again',
    async () => {
      await inLab(async (lab) => {
        lab.tell('zstd', 'start', 'pause');
        const running = lab.startTested();
        await lab.untilPaused('zstd', 'start', running);
        running.child.kill('SIGKILL');
        await running.done;
        lab.tellNothing();
        expect(await lab.resume()).toMatchObject({ exitCode: 0 });
        expect(skippedIn(lab)).toEqual(['base', 'packer', 'finish', 'convert', 'test']);
        expect(manifestOf(lab).tests).toMatchObject({ result: 'passed' });
      });
    },
    CASE_MS,
  );
});

const REPORTS = ['junit.xml', 'test-result.json', 'boot.svg'];

/** Lets guests answer something else; see `fake-tools/ssh.mjs`. */
function answer(lab: Lab, answers: Readonly<Record<string, string>>): void {
  writeFileSync(join(lab.directory, 'control/ssh.answers'), JSON.stringify(answers));
}

/** The latest release. */
function manifestOf(lab: Lab): ReleaseManifest {
  return JSON.parse(readFileSync(join(lab.catalogue, 'latest/lab/release.json'), 'utf8'));
}

function skippedIn(lab: Lab): string[] {
  const events = readFileSync(lab.events, 'utf8');
  return [...events.matchAll(/"type":"stage-skipped","stage":"(\w+)"/g)].map(([, stage]) => stage ?? '');
}
