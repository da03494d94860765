import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { unifiedDiff } from '../../src/values/line-diff.ts';

/** Few lines, so that many are equal, with and without an end. */
const text = fc
  .tuple(
    fc.array(fc.constantFrom('a', 'b', '', '+x', '-x', '@@ -1 +1 @@', '\\ No newline', 'c\r'), {
      maxLength: 30,
    }),
    fc.boolean(),
  )
  .map(([lines, isEnded]) => lines.join('\n') + (isEnded && lines.length > 0 ? '\n' : ''));

/** What patch(1) would make of a text, written from the format's description alone. */
function applied(from: string, diff: string): string {
  const old = from.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const result: string[] = [];
  let at = 0;
  for (const line of diff.split('\n').slice(2, -1)) {
    const start = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@$/.exec(line);
    if (start) {
      const first = Number(start[1]) - (start[2] === '0' ? 0 : 1);
      result.push(...old.slice(at, first));
      at = first;
    } else if (line === '\\ No newline at end of file') {
      result.push((result.pop() ?? '').replace(/\n$/, ''));
    } else if (line.startsWith('+')) result.push(`${line.slice(1)}\n`);
    else if (line.startsWith('-')) {
      expect(`${line.slice(1)}\n`).toBe(withEnd(old[at] ?? 'nothing'));
      // A missing line end is said of the removed line, too, and then of none that is in the result.
      result.push('');
      at += 1;
    } else {
      expect(`${line.slice(1)}\n`).toBe(withEnd(old[at] ?? 'nothing'));
      result.push(withEnd(old[at] ?? ''));
      at += 1;
    }
  }
  return [...result, ...old.slice(at)].join('');
}

function withEnd(line: string): string {
  return line.endsWith('\n') ? line : `${line}\n`;
}

describe('a unified diff', () => {
  test('makes the new text of the old one', () => {
    fc.assert(
      fc.property(text, text, (from, to) => {
        const diff = unifiedDiff({ path: '/etc/x', from, to }) ?? 'too different';
        expect(applied(from, diff)).toBe(to);
      }),
      { numRuns: 1000 },
    );
  });

  test('is empty for equal texts alone', () => {
    fc.assert(
      fc.property(text, text, (from, to) => {
        expect(unifiedDiff({ path: '/etc/x', from, to }) === '').toBe(from === to);
      }),
    );
  });
});
