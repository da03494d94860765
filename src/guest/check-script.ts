import { quoteForShell } from '../values/command-spec.ts';
import type { GuestAnswer, GuestCheck } from './guest-check.ts';

/** What is asked of a guest, whoever judges the answer. */
export type GuestQuestion = Pick<GuestCheck, 'name' | 'script' | 'timeoutSeconds'>;

/** What is kept of each stream of an answer, in bytes: the packages of a large image are a quarter of it. */
const ANSWER_BYTES = 512 * 1024;

/** An answer, and how long the guest needed for it. */
export interface TimedAnswer extends GuestAnswer {
  readonly durationMs: number;
}

/**
 * One POSIX script that asks everything, in order, with standard input closed. A question with a limit runs in a shell of
 * its own below `timeout`, where the guest has that; one without, which must be our own, in a subshell, because every
 * program costs 20 to 50 ms under emulation, and these are two. Answers stand between lines that begin with the nonce,
 * which nobody can guess (16 random bytes in hexadecimal will do), so no answer can end itself or begin another. Times
 * are read from /proc/uptime, which costs no process.
 */
export function renderCheckScript(questions: readonly GuestQuestion[], nonce: string): string {
  if (!/^[0-9a-z]{16,}$/.test(nonce)) throw new Error('a nonce has at least 16 letters and digits');
  return `${prelude(nonce)}${questions.map(renderQuestion).join('')}printf '\\n%s done\\n' ${nonce}\n`;
}

/** How long a program that does not end when it is told to is waited for. */
const KILL_SECONDS = 5;

function prelude(nonce: string): string {
  return `export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"\${PATH:+:$PATH}"
cd /
umask 077
dir=$(mktemp -d /run/checks.XXXXXX 2>/dev/null || mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
if command -v timeout >/dev/null; then limited() { timeout -k ${KILL_SECONDS} "$@"; }; else limited() { shift; "$@"; }; fi
ask() {
    read -r from rest </proc/uptime
    if [ -n "$2" ]; then limited "$2" sh -c "$3"; else (script=$3; set --; eval "$script"); fi </dev/null >"$dir/out" 2>"$dir/err"
    code=$?
    read -r to rest </proc/uptime
    printf '\\n%s begin %s\\n' ${nonce} "$1"
    if [ -s "$dir/out" ]; then head -c ${ANSWER_BYTES} "$dir/out"; fi
    if [ -s "$dir/err" ]; then printf '\\n%s errors\\n' ${nonce}; head -c ${ANSWER_BYTES} "$dir/err"; fi
    printf '\\n%s end %s %s %s\\n' ${nonce} "$code" "$from" "$to"
}
`;
}

function renderQuestion({ name, script, timeoutSeconds }: GuestQuestion): string {
  if (script.includes('\0')) throw new Error(`the script of ${name} has a NUL character`);
  return `ask ${quoteForShell(name)} ${quoteForShell(String(timeoutSeconds ?? ''))} ${quoteForShell(script)}\n`;
}

/** The answers in what {@link renderCheckScript}'s script wrote, by name; one that was cut off is not there. */
export function parseCheckAnswers(text: string, nonce: string): Map<string, TimedAnswer> {
  const answers = new Map<string, TimedAnswer>();
  for (const part of text.split(`\n${nonce} begin `).slice(1)) {
    const [body, end] = part.split(`\n${nonce} end `);
    const times = /^(\d+) (\d+\.\d+) (\d+\.\d+)\n/.exec(end ?? '');
    const lineEnd = body?.indexOf('\n') ?? -1;
    if (body === undefined || times === null || lineEnd === -1) continue;
    const [stdout = '', errors] = body.slice(lineEnd + 1).split(`\n${nonce} errors\n`);
    answers.set(body.slice(0, lineEnd), {
      text: stdout + (errors ?? ''),
      ...(errors === undefined ? {} : { stdout }),
      exitCode: Number(times[1]),
      durationMs: Math.round(1000 * (Number(times[3]) - Number(times[2]))),
    });
  }
  return answers;
}
