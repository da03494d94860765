import { describe, expect, test } from '@jest/globals';
import { readFiles, type SourceFile } from './source-files.ts';

const EXPORT =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|interface|type|const|let) (\w+)/;

/** Exports of a file that have no comment block right before them, as `file:line name`. */
export function undocumentedExports({ path, text }: SourceFile): string[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    const name = EXPORT.exec(line)?.[1];
    return name === undefined || isDocumented(lines, index, name) ? [] : [`${path}:${index + 1} ${name}`];
  });
}

function isDocumented(lines: readonly string[], index: number, name: string): boolean {
  let before = index - 1;
  while ((lines[before] ?? '').startsWith('// oxlint-disable')) before -= 1;
  if ((lines[before] ?? '').trimEnd().endsWith('*/')) return true;
  // The later signatures of an overloaded function share the first one's block.
  const signature = new RegExp(`^export (?:async )?function ${name}\\b`);
  return lines.slice(0, index).some((line) => signature.test(line));
}

describe('documentation', () => {
  test('every export has a TSDoc block', () => {
    expect(readFiles('src', '.ts').flatMap(undocumentedExports)).toEqual([]);
  });

  test.each([
    { text: 'export const a = 1;', faults: 1, because: 'there is no comment at all' },
    { text: '// note\nexport const a = 1;', faults: 1, because: 'a line comment is no documentation' },
    {
      text: '/** What it is. */\nexport const a = 1;',
      faults: 0,
      because: 'the block stands right before it',
    },
    { text: '/** x */\n\nexport type A = 1;', faults: 1, because: 'a blank line makes it belong to nothing' },
  ])('the rule itself: $because', ({ text, faults }) => {
    expect(undocumentedExports({ path: 'x.ts', text })).toHaveLength(faults);
  });
});
