import { parseTextPattern } from '../profiles/text-pattern.ts';
import { quoteForShell } from '../values/command-spec.ts';
import { judgeFacts, type ComparedFact } from './compared-facts.ts';
import type { ProfileCheckPlanner } from './profile-check-plan.ts';

/** A command of the profile's own. It is one word for a shell of its own, so nothing in it can end our script. */
export const planCommandCheck: ProfileCheckPlanner<'command'> = ({
  run,
  exitCode,
  stdout,
  timeoutSeconds,
}) => ({
  subject: run,
  title: `${run} ends with ${exitCode}`,
  script: `exec sh -c ${quoteForShell(run)}`,
  timeoutSeconds,
  judge: (answer) => {
    const output = answer.stdout ?? answer.text;
    const facts: ComparedFact[] = [
      { what: 'exit code', expected: String(exitCode), found: String(answer.exitCode) },
    ];
    if (stdout !== undefined) {
      const pattern = parseTextPattern(stdout);
      facts.push({
        what: 'output',
        expected: pattern.fault ?? `with ${JSON.stringify(stdout)}`,
        found: output.trim() === '' ? 'nothing' : JSON.stringify(output.trim()),
        isKept: pattern.fault === undefined && pattern.matches(output),
      });
    }
    return judgeFacts(
      facts,
      answer.text
        .split('\n')
        .filter((line) => line !== '')
        .slice(-10),
    );
  },
});
