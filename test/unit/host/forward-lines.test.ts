import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { forwardLines, LONGEST_LINE, TOO_LONG_LINE } from '../../../src/host/forward-lines.ts';

describe('forwardLines', () => {
  test.each([
    { chunks: ['a\nb\n'], lines: ['a', 'b'], because: 'each line once' },
    { chunks: ['a', 'b\nc'], lines: ['ab', 'c'], because: 'a line in two chunks, the last without an end' },
    { chunks: ['a\r', '\nb\n'], lines: ['a', 'b'], because: 'CR LF split over two chunks is one line end' },
    { chunks: ['1%\r2%\r', '3%\n'], lines: ['1%', '2%', '3%'], because: 'progress redraws by CR alone' },
    { chunks: ['a\n\nb'], lines: ['a', '', 'b'], because: 'empty lines count' },
    {
      chunks: ['a\n', 'x'.repeat(LONGEST_LINE), 'x', 'x\r', 'b\n'],
      lines: ['a', TOO_LONG_LINE, 'b'],
      because: 'a line without end fills no memory',
    },
    { chunks: ['x'.repeat(LONGEST_LINE + 1)], lines: [TOO_LONG_LINE], because: 'nor does the last one' },
    {
      chunks: [`${'x'.repeat(LONGEST_LINE)}\n`],
      lines: ['x'.repeat(LONGEST_LINE)],
      because: 'long, but whole',
    },
    { chunks: [Buffer.from([0xc3]), Buffer.from([0xa9, 0x0a])], lines: ['é'], because: 'split letters' },
  ])('$because', async ({ chunks, lines }) => {
    const stream = new PassThrough();
    const got: string[] = [];
    forwardLines(stream, (line) => got.push(line));
    for (const chunk of chunks) {
      stream.write(chunk);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    stream.end();
    await new Promise((resolve) => {
      stream.on('close', resolve);
    });
    expect(got).toEqual(lines);
  });
});
