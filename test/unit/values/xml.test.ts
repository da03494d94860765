import { describe, expect, test } from '@jest/globals';
import { element, renderXml, withXmlCharacters } from '../../../src/values/xml.ts';

describe('renderXml', () => {
  test('indents children, closes empty elements, leaves undefined children out', () => {
    const root = element('a', [element('b', 'text', { k: 1 }), undefined, element('c', [], { k: '' })]);
    expect(renderXml(root)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<a>\n  <b k="1">text</b>\n  <c k=""/>\n</a>\n',
    );
  });

  test.each([
    { value: `<&>"'`, escaped: `&lt;&amp;&gt;&quot;'`, because: 'it would be markup' },
    { value: '&lt;', escaped: '&amp;lt;', because: 'what looks escaped is a value like any other' },
    { value: 'ä✓😀', escaped: 'ä✓😀', because: 'the document is UTF-8' },
    { value: '$&', escaped: '$&amp;', because: 'no character is special to the replacement' },
  ])('$value: $because', ({ value, escaped }) => {
    expect(renderXml(element('a', [element('b', value, { k: value })]))).toContain(
      `<b k="${escaped}">${escaped}</b>`,
    );
  });

  test('keeps white space: a reader turns it into blanks between quotes, and leaves it alone between tags', () => {
    const text = renderXml(element('b', 'a\tb\r\nc', { k: 'a\tb\r\nc' }));
    expect(text).toContain('<b k="a&#9;b&#13;&#10;c">a\tb&#13;\nc</b>');
  });

  test.each(['\0', '\x1b', '\uffff', '\ud800'])('refuses %j, which XML cannot write', (value) => {
    for (const wrong of [element('a', value), element('a', [], { k: value })]) {
      expect(() => renderXml(wrong)).toThrow(expect.objectContaining({ code: 'E_XML_CHARACTER' }));
    }
  });
});

test.each([
  { text: 'a\x1b[31mb', writable: 'a␛[31mb', because: 'a control character has a picture' },
  { text: 'a\0\ufffeb\ud800', writable: 'a␀\ufffdb\ufffd', because: 'the rest has none' },
  { text: 'a\t\r\n😀', writable: 'a\t\r\n😀', because: 'XML can write it' },
])('withXmlCharacters($text): $because', ({ text, writable }) => {
  expect(withXmlCharacters(text)).toBe(writable);
  expect(() => renderXml(element('a', writable, { k: writable }))).not.toThrow();
});
