import { basename, dirname } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readFiles } from './source-files.ts';

const sources = readFiles('src', '.ts');
const everything = [...sources, ...readFiles('test', '.ts')];

/** Names that say nothing about what is inside. */
const EMPTY_NAMES = /(?:^|-)(?:utils?|helpers?|common|misc)(?:-|$)|^index$/;

/** Files longer than this are two files, in lines. */
const MOST_LINES = 300;

describe('names and sizes', () => {
  test('files and directories are named in kebab-case', () => {
    const wrong = everything.filter(
      ({ path }) => !/^(?:[a-z0-9]+(?:[.-][a-z0-9]+)*\/)*[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test)?\.ts$/.test(path),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test('no file is named for nothing', () => {
    const wrong = everything.filter(({ path }) => EMPTY_NAMES.test(basename(path).split('.')[0] ?? ''));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test('two levels below src; only cli/commands and the fragments of profiles have three', () => {
    const deep = sources.filter(({ path }) => path.split('/').length > 3).map(({ path }) => dirname(path));
    const allowed = [
      'src/cli/commands',
      'src/profiles/stacks',
      'src/profiles/systems',
      'src/profiles/targets',
    ];
    expect([...new Set(deep)].filter((directory) => !allowed.includes(directory))).toEqual([]);
  });

  test('no default exports and no barrels', () => {
    const wrong = sources.filter(
      ({ text }) => /^export default\b/m.test(text) || /^export \*/m.test(text) || isBarrel(text),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test('no enums and no parameter properties', () => {
    const wrong = sources.filter(({ text }) => /^\s*(?:export )?(?:const )?enum \w/m.test(text));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test(`no file of src has more than ${MOST_LINES} lines`, () => {
    const long = sources
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > MOST_LINES);
    expect(long).toEqual([]);
  });
});

/** Whether a file does nothing but pass on what others export. */
function isBarrel(text: string): boolean {
  const statements = text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '' && !statement.startsWith('//'));
  return (
    statements.length > 0 &&
    statements.every((statement) => /^export (?:type )?\{[^}]*\} from/.test(statement))
  );
}
