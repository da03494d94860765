import { describe, expect, test } from '@jest/globals';
import { element, renderXml } from '../../../src/disks/xml.ts';

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
    {
      value: 'a\tb\r\nc',
      escaped: 'a&#9;b&#13;&#10;c',
      because: 'a reader turns bare white space into blanks',
    },
    { value: 'ä✓😀', escaped: 'ä✓😀', because: 'the document is UTF-8' },
    { value: '$&', escaped: '$&amp;', because: 'no character is special to the replacement' },
  ])('$value: $because', ({ value, escaped }) => {
    expect(renderXml(element('a', [element('b', value, { k: value })]))).toContain(
      `<b k="${escaped}">${escaped}</b>`,
    );
  });

  test.each(['\0', '\x1b', '\uffff', '\ud800'])('refuses %j, which XML cannot write', (value) => {
    for (const wrong of [element('a', value), element('a', [], { k: value })]) {
      expect(() => renderXml(wrong)).toThrow(expect.objectContaining({ code: 'E_XML_CHARACTER' }));
    }
  });
});
