import type { CheckResult } from '../manifests/test-report.ts';
import type { TimedAnswer } from './check-script.ts';
import { cleanConsoleLine } from './console-line.ts';
import { failed, type Finding, type GuestCheck } from './guest-check.ts';

/** Longest expectation or finding that is reported, in characters. */
const TEXT_LENGTH = 400;

/** Most lines that explain a finding. */
const DETAIL_LINES = 50;

/** Exit codes of `timeout` when it ended its program, and of a program that had to be killed (coreutils). */
const ENDED_BY_TIMEOUT: readonly number[] = [124, 137];

/** What came of each check. One without an answer failed: a guest that dies keeps no promise. */
export function judgeChecks(
  checks: readonly GuestCheck[],
  answers: ReadonlyMap<string, TimedAnswer>,
): CheckResult[] {
  return checks.map((check) => {
    const answer = answers.get(check.name);
    const { name, title } = check;
    const finding = legible(judgeAnswer(check, answer));
    return { name, title, ...finding, ...(answer === undefined ? {} : { durationMs: answer.durationMs }) };
  });
}

function judgeAnswer(check: GuestCheck, answer: TimedAnswer | undefined): Finding {
  const { timeoutSeconds: seconds = Infinity } = check;
  if (answer === undefined) return failed('an answer of the guest', 'no answer');
  // A script may end with the same codes by itself, but not when its time is just over.
  if (ENDED_BY_TIMEOUT.includes(answer.exitCode) && answer.durationMs >= 1000 * seconds - 50) {
    return failed(`an answer within ${seconds} s`, `none after ${(answer.durationMs / 1000).toFixed(0)} s`);
  }
  return check.judge(answer);
}

/** Guests write what they like; reports and terminals get text without control characters, and not too much of it. */
function legible({ outcome, expected, found, details }: Finding): Finding {
  return {
    outcome,
    ...(expected === undefined ? {} : { expected: oneLine(expected) }),
    ...(found === undefined ? {} : { found: oneLine(found) }),
    ...(details === undefined || details.length === 0 ? {} : { details: legibleLines(details) }),
  };
}

function legibleLines(details: readonly string[]): string[] {
  const kept = details.slice(0, DETAIL_LINES).map(oneLine);
  const left = details.length - kept.length;
  return left === 0 ? kept : [...kept, `… and ${left} more`];
}

function oneLine(text: string): string {
  const line = cleanConsoleLine(text.replace(/\s*[\r\n]+\s*/g, ' ⏎ '));
  return line.length <= TEXT_LENGTH ? line : `${line.slice(0, TEXT_LENGTH - 1)}…`;
}
