import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parseCheckAnswers, renderCheckScript } from '../../src/guest/check-script.ts';
import { profileChecks } from '../../src/guest/profile-checks.ts';
import { quoteForShell } from '../../src/values/command-spec.ts';
import { completeCheck } from '../../src/profiles/profile-check.ts';

const nonce = '0123456789abcdef';

/** Text of what shells give a meaning to, among ordinary and strange characters; no shell carries NUL. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "'",
        '"',
        '\\',
        '`',
        '$(id)',
        '${x}',
        '\n',
        '*',
        '[a]',
        ';',
        '&',
        '|',
        '-',
        '~',
        '#',
        '!',
        ' ',
      ),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) =>
    parts
      .join('')
      .replaceAll('\0', '')
      .replaceAll(/[\ud800-\udfff]/gu, ''),
  )
  .filter((value) => value !== '');

function run(questions: { name: string; script: string }[]): Map<string, { text: string }> {
  const input = renderCheckScript(questions, nonce);
  return parseCheckAnswers(spawnSync('sh', ['-s'], { input, encoding: 'utf8' }).stdout, nonce);
}

test('any text that a script quotes comes back as it went in', () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (texts) => {
      const script = texts.map((value) => `printf '%s\\0' ${quoteForShell(value)}`).join('\n');
      expect(run([{ name: 'q', script }]).get('q')?.text).toBe(texts.map((value) => `${value}\0`).join(''));
    }),
    { numRuns: 40 },
  );
});

test('no value of a profile runs as code, and none can keep the next question from being asked', () => {
  fc.assert(
    fc.property(text, text, (path, contains) => {
      const checks = profileChecks(
        [
          { type: 'file' as const, path: `/nowhere/${path}`, contains },
          { type: 'file' as const, path: `/nowhere/${path}`, exists: false },
          { type: 'user' as const, name: path },
          { type: 'command' as const, run: `printf %s ${quoteForShell(contains)}`, stdout: 'x' },
        ].map(completeCheck),
      );
      const answers = run([...checks, { name: 'last', script: 'echo last' }]);
      expect(answers.get('last')?.text).toBe('last\n');
      expect(answers.get(checks[0]?.name ?? '')?.text).toBe('absent\n');
      expect(answers.get(checks[1]?.name ?? '')?.text).toBe('absent\n');
      expect(answers.get(checks[3]?.name ?? '')?.text).toBe(contains);
    }),
    { numRuns: 40 },
  );
});

test('a file holds exactly the text that is in it', () => {
  fc.assert(
    fc.property(text, text, (content, wanted) => {
      const [check] = profileChecks([completeCheck({ type: 'file', path: '/dev/stdin', contains: wanted })]);
      // The script's own question, put to text instead of a file of the host.
      const script = (check?.script ?? '').replaceAll('"$f"', '-').replace('[ -e - ]', 'true');
      const output = spawnSync('sh', ['-c', `LC_ALL=C; export LC_ALL; ${script}`], {
        input: content,
        encoding: 'utf8',
      }).stdout;
      expect(output.includes('contains')).toBe(content.includes(wanted));
    }),
    { numRuns: 60 },
  );
});
