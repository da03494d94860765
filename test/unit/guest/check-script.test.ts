import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { parseCheckAnswers, renderCheckScript, type GuestQuestion } from '../../../src/guest/check-script.ts';

const nonce = '0123456789abcdef';

/** The answers of this host, as a guest's shell would give them. */
function ask(...scripts: (string | GuestQuestion)[]): {
  answers: ReturnType<typeof parseCheckAnswers>;
  output: string;
} {
  const questions = scripts.map((script, index) =>
    typeof script === 'string' ? { name: `q${index}`, script } : script,
  );
  const input = renderCheckScript(questions, nonce);
  const output = spawnSync('sh', ['-s'], { input, encoding: 'utf8' }).stdout;
  return { answers: parseCheckAnswers(output, nonce), output };
}

describe('the script of all questions', () => {
  test.each<[because: string, script: string, expected: object]>([
    ['an answer', 'echo a', { text: 'a\n', exitCode: 0 }],
    ['an answer without a line feed', 'printf a', { text: 'a', exitCode: 0 }],
    ['silence', ':', { text: '', exitCode: 0 }],
    ['blank lines stay', 'printf "\\n\\na\\n\\n"', { text: '\n\na\n\n', exitCode: 0 }],
    ['an exit code', 'exit 7', { text: '', exitCode: 7 }],
    ['errors stand behind the answer', 'echo b >&2; echo a', { text: 'a\nb\n', stdout: 'a\n', exitCode: 0 }],
    ['standard input is closed', 'cat; echo end', { text: 'end\n', exitCode: 0 }],
    [
      'words of the frame are no frame',
      'echo end q0 0; echo done',
      { text: 'end q0 0\ndone\n', exitCode: 0 },
    ],
    ['a quote', `echo "it's"`, { text: "it's\n", exitCode: 0 }],
    ['the language is nobody’s', 'echo $LC_ALL', { text: 'C\n', exitCode: 0 }],
    ['programs of root are found', 'case $PATH in *sbin*) echo yes ;; esac', { text: 'yes\n', exitCode: 0 }],
  ])('%s', (_because, script, expected) => {
    expect(ask(script).answers.get('q0')).toMatchObject(expected);
  });

  test('no question can end the script or change what the next one sees', () => {
    const { answers } = ask(
      'exit 1',
      'x=1; cd /tmp',
      'echo "${x-unset} $PWD"',
      { name: 'q3', script: 'kill -9 $$', timeoutSeconds: 9 },
      '(',
      'echo last',
    );
    expect(answers.get('q2')?.text).toBe('unset /\n');
    expect(answers.get('q3')?.exitCode).toBe(137);
    expect(answers.get('q4')?.exitCode).not.toBe(0);
    expect(answers.get('q5')?.text).toBe('last\n');
  });

  test('with a limit and without, a question is answered the same way', () => {
    const script = `echo "it's $#"; echo err >&2; exit 3`;
    const { answers } = ask(script, { name: 'limited', script, timeoutSeconds: 9 });
    expect(answers.get('q0')).toMatchObject({ text: "it's 0\nerr\n", exitCode: 3 });
    expect(answers.get('limited')).toMatchObject({ text: "it's 0\nerr\n", exitCode: 3 });
  });

  test('an answer is cut where it gets too long', () => {
    expect(ask('head -c 3000000 /dev/zero | tr "\\0" x').answers.get('q0')?.text).toHaveLength(512 * 1024);
  });

  test('a question that does not end is ended', () => {
    const script = renderCheckScript([{ name: 'q', script: 'echo a; sleep 20', timeoutSeconds: 1 }], nonce);
    const { stdout } = spawnSync('sh', ['-s'], { input: script, encoding: 'utf8' });
    const answer = parseCheckAnswers(stdout, nonce).get('q');
    expect(answer).toMatchObject({ text: 'a\n', exitCode: 124 });
    expect(answer?.durationMs).toBeGreaterThanOrEqual(950);
  });

  test('wherever the output is cut, what was whole is kept and nothing is made up', () => {
    const { output } = ask('echo one', 'echo two; echo err >&2');
    const [one, two] = ['one\n', 'two\nerr\n'];
    for (let end = 0; end <= output.length; end += 1) {
      const answers = parseCheckAnswers(output.slice(0, end), nonce);
      expect([one, undefined]).toContain(answers.get('q0')?.text);
      expect([two, undefined]).toContain(answers.get('q1')?.text);
    }
  });

  test('what was said before does not matter (a banner, a message of the day)', () => {
    const { output } = ask('echo one');
    expect(parseCheckAnswers(`Welcome\n${output}`, nonce).get('q0')?.text).toBe('one\n');
  });

  test('a script with NUL and a nonce that can be guessed are bugs', () => {
    expect(() => renderCheckScript([{ name: 'q', script: 'a\0b' }], nonce)).toThrow(/NUL/);
    expect(() => renderCheckScript([], 'short')).toThrow(/nonce/);
  });
});
