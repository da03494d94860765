import { describe, expect, test } from '@jest/globals';
import {
  parseDocumentPath,
  parseJsonPointer,
  renderDocumentPath,
  type DocumentPath,
} from '../../../src/schemas/document-path.ts';

describe('document paths', () => {
  test.each<[path: DocumentPath, text: string]>([
    [[], '.'],
    [['disk', 'sizeMiB'], '.disk.sizeMiB'],
    [['targets', 0, 'format'], '.targets[0].format'],
    [['env', 'a b', 'c'], '.env["a b"].c'],
    [['a"b\\c'], '.["a\\"b\\\\c"]'],
    [[3], '.[3]'],
  ])('%j is %s', (path, text) => {
    expect(renderDocumentPath(path)).toBe(text);
    expect(parseDocumentPath(text)).toEqual({ path, rest: path.length === 0 ? '.' : '' });
  });

  test.each<[because: string, text: string, path: DocumentPath, rest: string]>([
    ['the first dot is optional', 'a.b=1', ['a', 'b'], '=1'],
    ['what follows is left', 'a[0]+=x', ['a', 0], '+=x'],
    ['two keys need a dot', '["a"]b', ['a'], 'b'],
    ['no path', '=x', [], '=x'],
    ['a dash is part of a key', 'a-b=1', ['a-b'], '=1'],
  ])('%s', (_because, text, path, rest) => {
    expect(parseDocumentPath(text)).toEqual({ path, rest });
  });

  test('a JSON Pointer tells indexes from keys by the document', () => {
    const document = { a: [{ '0': { 'x/y~z': 1 } }] };
    expect(parseJsonPointer('/a/0/0/x~1y~0z', document)).toEqual(['a', 0, '0', 'x/y~z']);
  });
});
