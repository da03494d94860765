import type { Finding, GuestAnswer, GuestCheck } from '../../../src/guest/guest-check.ts';

/** What a guest answered, on standard output. */
export function answer(text: string, exitCode = 0): GuestAnswer {
  return { text, exitCode };
}

/** A finding in one line: outcome, what was promised, what was there. */
export function tell({ outcome, expected, found }: Finding): string {
  return [outcome, expected, found].filter((part) => part !== undefined).join(' | ');
}

/** What a check makes of an answer, in one line. */
export function judged(check: Pick<GuestCheck, 'judge'>, text: string, exitCode = 0): string {
  return tell(check.judge(answer(text, exitCode)));
}
