import { describe, expect, test } from '@jest/globals';
import { parsePackerLine, type PackerEvent } from '../../../src/packer/machine-readable.ts';

describe('parsePackerLine', () => {
  const rows: { line: string; events: PackerEvent[]; because: string }[] = [
    {
      line: '1,,ui,say,==> qemu.mintmark: Waiting for SSH',
      events: [{ type: 'ui', level: 'say', build: 'qemu.mintmark', text: 'Waiting for SSH' }],
      because: 'the build stands only in the text',
    },
    {
      line: '1,,ui,message,    qemu.mintmark: a%!(PACKER_COMMA)b',
      events: [{ type: 'ui', level: 'message', build: 'qemu.mintmark', text: 'a,b' }],
      because: 'commas are spelled out',
    },
    {
      line: String.raw`1,,ui,error,==> q.m: one\n==> q.m: two\nthree\n==> q.m:`,
      events: [
        { type: 'ui', level: 'error', build: 'q.m', text: 'one' },
        { type: 'ui', level: 'error', build: 'q.m', text: String.raw`two\nthree` },
        { type: 'ui', level: 'error', build: 'q.m', text: '' },
      ],
      because: 'only a line end before a prefix is one; others were written by a script',
    },
    {
      line: String.raw`1,,ui,message,    q.m: C:\new\readme`,
      events: [{ type: 'ui', level: 'message', build: 'q.m', text: String.raw`C:\new\readme` }],
      because: 'a backslash of a script stays',
    },
    {
      line: String.raw`1,,ui,say,\n==> Builds finished`,
      events: [
        { type: 'ui', level: 'say', text: '' },
        { type: 'ui', level: 'say', text: '==> Builds finished' },
      ],
      because: "Packer's own sentences have no prefix",
    },
    { line: '1,,ui', events: [{ type: 'ui', level: 'say', text: '' }], because: 'fields may be missing' },
    {
      line: '1,,ui,whisper,x,y',
      events: [{ type: 'ui', level: 'say', text: 'x,y' }],
      because: 'a new level still speaks',
    },
    {
      line: '1,q.m,artifact,0,file,1,/out/disk%!(PACKER_COMMA)1',
      events: [{ type: 'artifact', build: 'q.m', index: 0, key: 'file', values: ['1', '/out/disk,1'] }],
      because: 'an artifact comes fact by fact',
    },
    {
      line: '1,q.m,artifact-count,2',
      events: [{ type: 'artifact-count', build: 'q.m', count: 2 }],
      because: 'how many artifacts',
    },
    {
      line: '1,,error-count,x',
      events: [{ type: 'error-count', count: 0 }],
      because: 'a broken number is no crash',
    },
    {
      line: String.raw`1,q.m,error,Build was halted.\nTwice`,
      events: [{ type: 'error', build: 'q.m', message: 'Build was halted.\nTwice' }],
      because: 'errors may have several lines',
    },
    {
      line: '1,,version,1.6.6',
      events: [{ type: 'other', build: '', kind: 'version', data: ['1.6.6'] }],
      because: 'unknown kinds are kept',
    },
    {
      line: 'panic: out of memory',
      events: [{ type: 'text', text: 'panic: out of memory' }],
      because: 'anything may write between',
    },
    { line: '', events: [{ type: 'text', text: '' }], because: 'so may an empty line' },
  ];
  test.each(rows)('$line: $because', ({ line, events }) => {
    expect(parsePackerLine(line)).toEqual(events);
  });
});

test('every character is survived', () => {
  const all = String.fromCodePoint(...Array.from({ length: 0x300 }, (_, code) => code));
  expect(parsePackerLine(`1,,ui,message,    q.m: ${all}`)[0]).toMatchObject({ type: 'ui' });
  expect(parsePackerLine(all).every(({ type }) => type === 'text')).toBe(true);
});
