import type { PortAnswer } from '../host/ssh-banner.ts';
import type { SessionResult } from './boot-session.ts';
import type { RunningMachine } from './run-machine.ts';

/** Lines of its console that explain a machine which did not come up. */
const LINES_SHOWN = 8;

/** What the last knock at a guest's port tells. */
export const KNOCKS: Readonly<Record<PortAnswer, string>> = {
  ssh: 'it came too late',
  refused: "the guest's network is up, and nothing listens there",
  silent: "the guest's network gave no answer",
};

/** What stopped a machine, and what it had complained of before where that is not the same. */
export function describeProblem({ problem }: SessionResult, { consoles }: RunningMachine): string {
  const reason = problem?.reason ?? 'for an unknown reason';
  const sign = consoles.likelyReason();
  return sign === undefined || reason.includes(sign.reason) ? reason : `${reason}; ${sign.reason}`;
}

/** The end of what a machine said on its serial line; without that, what its firmware said. */
export function lastWords({ consoles }: RunningMachine): string[] {
  const serial = consoles.lastLines('serial', LINES_SHOWN);
  const firmware = serial.length === 0 ? consoles.lastLines('firmware', 3) : [];
  return [...serial.map((line) => `serial: ${line}`), ...firmware.map((line) => `firmware: ${line}`)];
}

/** A time for people: `31 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(0)} s`;
}
