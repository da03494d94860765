import { describe, expect, test } from '@jest/globals';
import { unifiedDiff } from '../../../src/values/line-diff.ts';

const lines = (...words: readonly string[]): string => words.map((word) => `${word}\n`).join('');

const numbered = (word: string): string => lines(...Array.from({ length: 5000 }, (_, i) => `${word}${i}`));

describe('unifiedDiff', () => {
  test.each([
    {
      from: lines('a', 'b', 'c'),
      to: lines('a', 'B', 'c'),
      diff: '--- a/etc/x\n+++ b/etc/x\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n',
      because: 'a changed line is one that goes and one that comes',
    },
    {
      from: lines('a'),
      to: 'a',
      diff: '--- a/etc/x\n+++ b/etc/x\n@@ -1,1 +1,1 @@\n-a\n+a\n\\ No newline at end of file\n',
      because: 'a missing last line end is a difference',
    },
    {
      from: undefined,
      to: lines('a'),
      diff: '--- /dev/null\n+++ b/etc/x\n@@ -0,0 +1,1 @@\n+a\n',
      because: 'a new file comes from nothing',
    },
    {
      from: lines('a'),
      to: undefined,
      diff: '--- a/etc/x\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a\n',
      because: 'a removed file becomes nothing',
    },
    { from: lines('a'), to: lines('a'), diff: '', because: 'equal texts do not differ' },
    { from: undefined, to: '', diff: '', because: 'an empty file has no line to show' },
  ])('$because', ({ from, to, diff }) => {
    expect(unifiedDiff({ path: '/etc/x', from, to })).toBe(diff);
  });

  test('only what is near a change is shown', () => {
    const numbers = Array.from({ length: 100 }, (_, index) => String(index));
    const diff = unifiedDiff({
      path: '/x',
      from: lines(...numbers),
      to: lines(...numbers.with(50, 'x')),
    });
    expect(diff?.split('\n')).toHaveLength(2 + 1 + 3 + 2 + 3 + 1);
  });

  test('texts that have nothing in common and are long are not compared to the end', () => {
    const startedAt = performance.now();
    expect(unifiedDiff({ path: '/x', from: numbered('a'), to: numbered('b') })).toBeUndefined();
    expect(unifiedDiff({ path: '/x', from: undefined, to: numbered('b') })?.split('\n')).toHaveLength(5004);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});
