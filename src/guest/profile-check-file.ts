import { quoteForShell } from '../values/command-spec.ts';
import { judgeFacts, unanswered, type ComparedFact } from './compared-facts.ts';
import { failed, passed } from './guest-check.ts';
import type { ProfileCheckPlanner } from './profile-check-plan.ts';

/**
 * A file is looked at where it lies: its content never leaves the guest. `x` behind the content keeps the line feeds
 * at its end, which a shell would drop.
 */
export const planFileCheck: ProfileCheckPlanner<'file'> = (check) => {
  const path = quoteForShell(check.path);
  const lines = [
    `f=${path}`,
    '[ -e "$f" ] || { echo absent; exit 0; }',
    'stat -L -c \'%a|%U:%G|%F\' -- "$f"',
  ];
  if (check.contains !== undefined) {
    lines.push(
      `case $(head -c 4194304 -- "$f" && echo x) in *${alwaysQuoted(check.contains)}*) echo contains ;; *) echo lacks ;; esac`,
    );
  }
  if (check.sha256 !== undefined) lines.push('sha256sum <"$f"');
  return {
    subject: check.path,
    title: `${check.path} ${check.exists ? 'is as promised' : 'does not exist'}`,
    script: check.exists ? lines.join('\n') : lines.slice(0, 2).concat('echo present').join('\n'),
    judge: (answer) => {
      const [first = '', ...rest] = answer.text.split('\n');
      if (!check.exists) return first === 'absent' ? passed('absent') : failed('absent', first);
      if (first === 'absent') return failed('present', 'absent');
      const stat = /^([0-7]+)\|([^|]*)\|(.*)$/.exec(first);
      if (answer.exitCode !== 0 || stat === null) return unanswered('a file that can be read', answer);
      return judgeFacts(fileFacts(check, [stat[1] ?? '', stat[2] ?? '', stat[3] ?? ''], rest));
    },
  };
};

/** A word in quotes even where a shell needs none: within a pattern `*` and `[` would mean more. */
function alwaysQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function fileFacts(
  check: Parameters<typeof planFileCheck>[0],
  [mode, owner, kind]: readonly [string, string, string],
  rest: readonly string[],
): ComparedFact[] {
  const { contains, sha256 } = check;
  const facts: ComparedFact[] = [{ what: '', expected: kind, found: kind }];
  if (check.mode !== undefined) {
    facts.push({ what: 'mode', expected: check.mode, found: mode.padStart(4, '0') });
  }
  if (check.owner !== undefined) facts.push({ what: 'owner', expected: check.owner, found: owner });
  if (contains !== undefined) {
    const found = rest[0] === 'contains' ? 'there' : 'not there';
    facts.push({ what: `text ${JSON.stringify(contains)}`, expected: 'there', found });
  }
  if (sha256 !== undefined) {
    const found = /\b[0-9a-f]{64}\b/.exec(rest.join('\n'))?.[0] ?? 'unknown';
    facts.push({ what: 'SHA-256', expected: sha256, found });
  }
  return facts;
}
