import { describe, expect, test } from '@jest/globals';
import { asksForJson, parseArguments } from '../../../src/cli/parse-arguments.ts';
import { SAMPLE_COMMANDS } from './sample-commands.ts';

const parse = (...argv: string[]) => parseArguments(argv, SAMPLE_COMMANDS);

describe('parseArguments', () => {
  test.each([
    { argv: ['build'], name: 'build', because: 'one word' },
    { argv: ['version', 'next', 'kvm'], name: 'version next', because: 'two words win over one' },
    { argv: ['--json', 'build'], name: 'build', because: 'global options may come first' },
    { argv: ['--events', 'f', 'build'], name: 'build', because: 'also those with a value' },
    { argv: ['ghost'], name: 'ghost', because: 'hidden commands work' },
    { argv: ['help', 'build'], name: 'build', because: 'help names a command' },
    { argv: ['build', '--nonsense', '--help'], name: 'build', because: 'help wins over mistakes' },
    { argv: ['-h', 'render'], name: 'render', because: 'help may come first' },
  ])('$argv is $name: $because', ({ argv, name }) => {
    expect(parse(...argv).command?.name).toBe(name);
  });

  test.each([
    { argv: [], message: undefined, because: 'nothing is asked' },
    { argv: ['--help'], message: undefined, because: 'only help is asked' },
    { argv: ['help'], message: undefined, because: 'the word does the same' },
    { argv: ['version', '--help'], message: undefined, because: 'a group has help of its own' },
  ])('$argv names no command: $because', ({ argv }) => {
    expect(parse(...argv).command).toBeUndefined();
  });

  test.each([
    { argv: ['biuld'], message: 'unknown command biuld; did you mean build?', because: 'letters swapped' },
    { argv: ['ghots'], message: 'unknown command ghots', because: 'hidden commands are not suggested' },
    { argv: ['a\nb'], message: 'unknown command "a\\nb"', because: 'the message stays one line' },
    { argv: ['version'], message: 'version needs one of next, parse', because: 'a group alone does nothing' },
    {
      argv: ['version', 'nxt'],
      message: 'unknown command version nxt; did you mean next?',
      because: 'a slip',
    },
    { argv: ['version', 'next'], message: 'version next needs LINE: a line', because: 'it is required' },
    { argv: ['build', 'x'], message: 'build does not know what to do with x', because: 'it takes no words' },
    { argv: ['render'], message: 'render needs --out DIR', because: 'the option is required' },
    {
      argv: ['--quiet', 'build', '--verbose'],
      message: '--quiet and --verbose contradict each other',
      because: 'both',
    },
  ])('refuses $argv: $because', ({ argv, message }) => {
    expect(() => parse(...argv)).toThrow(expect.objectContaining({ kind: 'usage', message }));
  });

  test('fills in what was not given', () => {
    expect(parse('build').input.options).toEqual({
      force: false,
      name: undefined,
      set: [],
      count: undefined,
      resume: undefined,
      accel: 'auto',
      secret: false,
    });
  });

  test('joins global options from both sides of the command', () => {
    const { globals } = parse('--json', 'build', '--verbose', '--events=f');
    expect(globals).toMatchObject({ json: true, verbose: true, events: 'f', quiet: false });
  });

  test('takes any number of repeated positionals', () => {
    expect(parse('version', 'parse', 'a', 'b', 'c').input.positionals).toEqual(['a', 'b', 'c']);
  });

  test.each([
    { argv: ['biuld', '--json'], asks: true, because: 'a line that cannot be understood still asks' },
    { argv: ['build', '--', '--json'], asks: false, because: 'after -- it is a word' },
  ])('asksForJson($argv) is $asks: $because', ({ argv, asks }) => {
    expect(asksForJson(argv)).toBe(asks);
  });
});
