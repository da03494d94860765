import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CliResult } from './compiled-cli.ts';
import { compileWhenStale } from './compiled-cli.ts';
import {
  copyScene,
  faultsAfterKill,
  faultsOfNextBuild,
  makeScene,
  reportFaults,
  startInPairs,
  type Scene,
} from './kill-checks.ts';

import { KILL_POINTS, type KillPoint } from './kill-points.ts';
import { whyNoLab, type Lab, type RunningBuild } from './lab.ts';
import { findProcesses } from './lab-processes.ts';

const reason = whyNoLab();
const describeLab = reason === undefined ? describe : describe.skip;
if (reason !== undefined) process.stderr.write(`skipped: kill points, because ${reason}\n`);

/** Changes of the file system at which our process is killed; all of them with MINTMARK_KILL_POINTS=all. */
const SPREAD = 64;
const MATRIX_MS = 900_000;

/** All stages; one alone with MINTMARK_KILL_STAGE=packer, for whoever works on it. */
const POINTS = KILL_POINTS.filter(({ stage }) => stage === (process.env['MINTMARK_KILL_STAGE'] ?? stage));

const table: string[] = [];

/** Shown at once, too: the whole takes minutes. */
function note(row: string, faults: readonly string[]): void {
  process.stdout.write(`${row} → ${faults.length === 0 ? 'ok' : faults.join('\n    ')}\n`);
  table.push(`${row} → ${faults.length === 0 ? 'ok' : faults[0]?.split('\n')[0]}`);
}

describeLab('a build that is killed', () => {
  let scene: Scene;
  let outcomes: Map<KillPoint, Promise<string[]>>;

  beforeAll(async () => {
    compileWhenStale();
    scene = await makeScene();
    outcomes = startInPairs(POINTS, async (point) => {
      const faults = await tryPoint(scene, point).catch((error: unknown) => [String(error)]);
      note(`${point.stage} × ${point.program} × ${point.signal}, ${point.because}`, faults);
      return faults;
    });
    for (const outcome of outcomes.values()) outcome.catch(() => {});
  }, 240_000);

  afterAll(() => {
    scene.lab.remove();
    process.stdout.write(`\nstage × process × signal\n${table.join('\n')}\n${table.length} rows\n`);
  });

  test.each(POINTS)(
    '$stage: $program gets $signal, because $because',
    async (point) => {
      const faults = (await outcomes.get(point)) ?? ['it was not tried'];
      expect(faults).toEqual([]);
    },
    MATRIX_MS,
  );

  test(
    'kill -9 at every change of the file system',
    async () => {
      const counted = copyScene(scene, ['apt', 'bases', 'debs']);
      await counted.lab.build([], { countCalls: true });
      const calls = counted.lab.readCalls();
      counted.lab.remove();
      const step = process.env['MINTMARK_KILL_POINTS'] === 'all' ? 1 : Math.max(1, calls.length / SPREAD);
      const chosen = calls.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
      const results = startInPairs(chosen, async (line) => {
        const faults = await tryChange(scene, line);
        if (faults.length > 0) note(line, faults);
        return faults;
      });
      const faults: string[] = [];
      for (const [line, result] of results)
        faults.push(...(await result).map((fault) => `${line}: ${fault}`));
      table.push(
        `${chosen.length} of ${calls.length} changes of the file system × ours × SIGKILL → ${faults.length} faults`,
      );
      expect(faults).toEqual([]);
    },
    MATRIX_MS,
  );
});

/** Holds a build up at the point, sends the signal, and looks at what is left and at the next build. */
async function tryPoint(scene: Scene, point: KillPoint): Promise<string[]> {
  const copy = copyScene(scene, point.cold ?? []);
  const { lab } = copy;
  try {
    lab.tell(...point.hold, 'pause');
    const call = point.hold[0] === 'mintmark' ? { holdAt: HELD_CHANGE } : {};
    const running = point.stage === 'test' ? lab.startTested([], call) : lab.start([], call);
    await lab.untilPaused(...point.hold, running);
    await delay(point.lastsMs ?? 0);
    sendSignal(lab, running, point);
    const result = await endOf(lab, running, point);
    const faults = [...judge(result, point), ...(await faultsAfterKill(copy))];
    lab.tellNothing();
    return [...faults, ...(await faultsOfNextBuild(copy))];
  } finally {
    lab.remove();
  }
}

/** A build that has not ended this long after the signal hangs; it is killed, which no case expects. */
const HANGS_MS = 30_000;

/** Where our process stands when a release is about to appear. */
const HELD_CHANGE = '/catalogue/releases/lab/';

function sendSignal(lab: Lab, { child }: RunningBuild, { program, signal }: KillPoint): void {
  const pids = program === 'ours' ? [child.pid] : findProcesses(lab.directory, program);
  // Of several, those that nothing holds up may have ended since.
  const isSent = pids.filter((pid) => pid !== undefined && send(pid, signal)).length > 0;
  if (!isSent) throw new Error(`no ${program} to be killed`);
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** What cannot be interrupted is let go on after a while; a killed program may only be replaced by another one. */
async function endOf(lab: Lab, { child, done }: RunningBuild, point: KillPoint): Promise<CliResult> {
  const mayGoOn = point.goesOn === true || (point.program === 'ours' && point.signal !== 'SIGKILL');
  const timers = [
    ...(mayGoOn ? [setTimeout(() => lab.tellNothing(), point.goesOn === true ? 100 : 2000)] : []),
    setTimeout(() => child.kill('SIGKILL'), HANGS_MS),
  ];
  try {
    return await done;
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

function judge(result: CliResult, { program, signal, exitCode, says = [], stage }: KillPoint): string[] {
  if (program === 'ours' && signal === 'SIGKILL')
    return result.signal === 'SIGKILL' ? [] : ['it was not killed'];
  if (program === 'ours')
    return reportFaults(result, exitCode ?? 130, exitCode === 0 ? [] : [`interrupted by ${signal}`]);
  return reportFaults(
    result,
    exitCode ?? 5,
    exitCode === 0 ? says : [...says, new RegExp(`${stage} +failed`)],
  );
}

/** Kills our process at one change of the file system, in turn before and after it. */
async function tryChange(scene: Scene, line: string): Promise<string[]> {
  const copy = copyScene(scene, ['apt', 'bases', 'debs']);
  try {
    const call = Number(line.split(' ')[0]);
    const { signal } = await copy.lab.build([], {
      killAt: { call, when: call % 2 === 0 ? 'before' : 'after' },
    });
    // The order of what goes on side by side differs a little, and so does the number of changes.
    if (signal !== 'SIGKILL') return [];
    return [...(await faultsAfterKill(copy)), ...(await faultsOfNextBuild(copy))];
  } finally {
    copy.lab.remove();
  }
}
