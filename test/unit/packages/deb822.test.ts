import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/errors/failure.ts';
import { fieldOf, parseDeb822, renderDeb822 } from '../../../src/packages/deb822.ts';

const read = (text: string): Record<string, string>[] =>
  parseDeb822(text, 'test').map((paragraph) => Object.fromEntries(paragraph));

const failureOf = (action: () => unknown): Failure => {
  try {
    action();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('parseDeb822', () => {
  test.each<[string, Record<string, string>[], string]>([
    ['', [], 'no text, no paragraphs'],
    ['A: 1\nB:2\n\n\n\nA: 3', [{ A: '1', B: '2' }, { A: '3' }], 'blank lines separate, however many'],
    ['A: 1\n \n', [{ A: '1' }], 'a line of blanks separates too'],
    ['D: short\n long\n .\n  indented\n', [{ D: 'short\nlong\n\n indented' }], 'a lone dot is an empty line'],
    ['# note\nA: 1\n# note\n\tx\n', [{ A: '1\nx' }], 'comments may stand inside a field'],
    ['A: 1\r\nB: 2\r\n', [{ A: '1', B: '2' }], 'line ends of other systems'],
    ['Conffiles:\n /etc/x 0abc\n', [{ Conffiles: '\n/etc/x 0abc' }], 'a field may begin empty'],
    ['A:\n', [{ A: '' }], 'an empty field exists'],
    ['A: b: c\n', [{ A: 'b: c' }], 'only the first colon counts'],
  ])('%j', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test('reports all faults with their lines', () => {
    const text = ' x\nA: 1\na: 2\n<html>\n';
    const failure = failureOf(() => parseDeb822(text, 'Packages'));
    expect(failure.message).toBe('Packages is not a Debian control file: 3 faults');
    expect(failure.details.map((line) => line.replace(/ .*/, ''))).toEqual(['line', 'line', 'line']);
    expect(failure.details.join('\n')).toMatch(/line 1 .*\nline 3 .*\nline 4 .*"<html>"/);
  });

  test('finds fields whatever their case', () => {
    const [paragraph] = parseDeb822('Installed-size: 4\n', 'test');
    expect(paragraph && fieldOf(paragraph, 'Installed-Size')).toBe('4');
    expect(paragraph && fieldOf(paragraph, 'Size')).toBeUndefined();
  });
});

describe('renderDeb822', () => {
  test('writes a sources file with a key inside', () => {
    const text = renderDeb822([
      [
        ['Types', 'deb'],
        ['Signed-By', '\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ=='],
      ],
      [['Types', 'deb-src']],
    ]);
    expect(text).toBe(
      'Types: deb\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQ==\n\nTypes: deb-src\n',
    );
  });

  test.each([
    ['A', 'x\r', 'a carriage return'],
    ['A', ' x', 'a leading blank'],
    ['A', 'x\n.', 'a lone dot would read back as an empty line'],
    ['A', 'x\n  ', 'a line of blanks would end the paragraph'],
    ['A b', 'x', 'a blank in the name'],
    ['#A', 'x', 'a name that reads as a comment'],
    ['', 'x', 'no name'],
  ])('refuses %j: %j (%s)', (name, value) => {
    expect(() => renderDeb822([[[name, value]]])).toThrow(
      expect.objectContaining({ code: 'E_DEB822_UNREPRESENTABLE' }),
    );
  });
});
