import { describe, expect, test } from '@jest/globals';
import { parseOptions } from '../../../src/cli/parse-options.ts';
import { SAMPLE_OPTIONS } from './sample-commands.ts';

const parse = (...argv: string[]) => parseOptions(argv, SAMPLE_OPTIONS, { command: 'build' });

describe('parseOptions', () => {
  test.each([
    { argv: ['--force'], values: { force: true }, because: 'a flag is on when named' },
    { argv: ['--name', 'x'], values: { name: 'x' }, because: 'the value may be the next word' },
    { argv: ['--name=x'], values: { name: 'x' }, because: 'or follow an equals sign' },
    { argv: ['--name=a=b'], values: { name: 'a=b' }, because: 'only the first equals sign separates' },
    { argv: ['--name=-x'], values: { name: '-x' }, because: 'an inline value may begin with a dash' },
    { argv: ['--name', '-'], values: { name: '-' }, because: 'a lone dash is a value' },
    { argv: ['--name=a', '--name=b'], values: { name: 'b' }, because: 'the last one counts' },
    { argv: ['--set=a=1', '--set', 'b=2'], values: { set: ['a=1', 'b=2'] }, because: 'lists collect' },
    { argv: ['--count', '07'], values: { count: 7 }, because: 'numbers are decimal' },
    { argv: ['--resume'], values: { resume: '' }, because: 'the value is optional at the end' },
    { argv: ['--resume', '--force'], values: { resume: '', force: true }, because: 'and before an option' },
    { argv: ['--resume', 'r1'], values: { resume: 'r1' }, because: 'a word after it is its value' },
    { argv: ['--accel=kvm'], values: { accel: 'kvm' }, because: 'it is one of the choices' },
  ])('$argv: $because', ({ argv, values }) => {
    expect(Object.fromEntries(parse(...argv).values)).toEqual(values);
  });

  test.each([
    {
      argv: ['--nmae', 'x'],
      message: 'unknown option --nmae; did you mean --name?',
      because: 'letters swapped',
    },
    { argv: ['--nonsense'], message: 'unknown option --nonsense', because: 'nothing is near' },
    { argv: ['-x'], message: 'unknown option -x', because: 'there are no short options but -h' },
    {
      argv: ['-name'],
      message: 'unknown option -name; did you mean --name?',
      because: 'one dash is missing',
    },
    { argv: ['--secre'], message: 'unknown option --secre', because: 'hidden options are not suggested' },
    {
      argv: ['--constructor'],
      message: 'unknown option --constructor',
      because: 'objects inherit that name',
    },
    { argv: ['--force=yes'], message: '--force takes no value; found "yes"', because: 'it is a flag' },
    { argv: ['--name'], message: '--name needs a value', because: 'nothing follows' },
    { argv: ['--name='], message: '--name needs a value', because: 'the value is empty' },
    { argv: ['--name', '--force'], message: '--name needs a value', because: 'an option follows' },
    { argv: ['--count', 'x'], message: '--count must be a whole number; found "x"', because: 'a letter' },
    { argv: ['--count=-1'], message: '--count must be a whole number; found "-1"', because: 'negative' },
    { argv: ['--count=1.5'], message: '--count must be a whole number; found "1.5"', because: 'a fraction' },
    {
      argv: ['--accel=hvf'],
      message: '--accel must be one of auto, kvm; found "hvf"',
      because: 'no such choice',
    },
  ])('refuses $argv: $because', ({ argv, message }) => {
    expect(() => parse(...argv)).toThrow(
      expect.objectContaining({ kind: 'usage', code: 'E_USAGE', message }),
    );
  });

  test('keeps positionals in order, also after --', () => {
    expect(parse('a', '--force', 'b', '--', '--name', 'c').positionals).toEqual(['a', 'b', '--name', 'c']);
  });

  test('stops at the first positional when told to', () => {
    const { rest, positionals } = parseOptions(['--force', 'build', '--name', 'x'], SAMPLE_OPTIONS, {
      stopAtPositional: true,
    });
    expect({ rest, positionals }).toEqual({ rest: ['build', '--name', 'x'], positionals: [] });
  });

  test('says how to write a value that begins with a dash', () => {
    expect(() => parse('--name', '-5')).toThrow(
      expect.objectContaining({ hint: 'a value that begins with a dash is written --name=-5' }),
    );
  });
});
