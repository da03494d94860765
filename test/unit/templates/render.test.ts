import { expect, test } from '@jest/globals';
import { renderTemplate } from '../../../src/templates/render.ts';

const quote = (value: unknown, depth: number): string => `${depth}:${JSON.stringify(value)}`;

test('values pass through the helper unescaped', () => {
  expect(renderTemplate('a = {{quote v}} {{quote v depth=2}}', { v: '<"&\'>' }, { quote })).toBe(
    `a = 0:"<\\"&'>" 2:"<\\"&'>"`,
  );
});

test('a name that the context lacks is a bug, not an empty string', () => {
  expect(() => renderTemplate('{{missing}}', {}, {})).toThrow(/missing/);
  expect(() => renderTemplate('{{quote missing}}', {}, { quote })).toThrow(/does not exist/);
});

test('a value is never a template itself', () => {
  expect(renderTemplate('{{quote v}}', { v: '{{quote w}}' }, { quote })).toBe('0:"{{quote w}}"');
});
