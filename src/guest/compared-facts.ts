import { failed, passed, type Finding, type GuestAnswer } from './guest-check.ts';

/** One thing that was promised and looked at. */
export interface ComparedFact {
  /** What it is, as a person says it before the value: `mode`, `owner`. */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  /** Whether the promise is kept; by default, whether both are the same. */
  readonly isKept?: boolean;
}

/** One finding of several facts: all of them where they hold, else those that do not. */
export function judgeFacts(facts: readonly ComparedFact[], details: readonly string[] = []): Finding {
  const broken = facts.filter(({ isKept, expected, found }) => !(isKept ?? expected === found));
  if (broken.length === 0) return passed(sentence(facts, 'found'));
  return failed(sentence(broken, 'expected'), sentence(broken, 'found'), details);
}

function sentence(facts: readonly ComparedFact[], side: 'expected' | 'found'): string {
  return facts.map((fact) => `${fact.what} ${fact[side]}`.trim()).join(', ');
}

/** A finding that the question itself did not work: its last words are what was found. */
export function unanswered(expected: string, { text, exitCode }: GuestAnswer): Finding {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return failed(expected, `${lines.at(-1) ?? 'no answer'} (exit code ${exitCode})`, lines.slice(-10));
}
