import { describe, expect, test } from '@jest/globals';
import { originsOf, plainValueOf } from '../../../src/profiles/layered-value.ts';
import { mergeDocuments } from '../../../src/profiles/merge-documents.ts';
import type { ProfileDocument } from '../../../src/profiles/profile-document.ts';

function merged(...documents: ProfileDocument[]): unknown {
  return plainValueOf(
    mergeDocuments(documents.map((document, index) => ({ origin: `d${index}`, document }))),
  );
}

describe('mergeDocuments', () => {
  test.each<[because: string, documents: ProfileDocument[], expected: ProfileDocument]>([
    [
      'mappings merge at every depth',
      [{ targets: { kvm: { format: 'raw' } } }, { targets: { kvm: { outer: 'gz' } } }],
      { targets: { kvm: { format: 'raw', outer: 'gz' } } },
    ],
    [
      'a value takes the place of the inherited one',
      [{ disk: { sizeMiB: 1024, swapMiB: 8 } }, { disk: { sizeMiB: 2048 } }],
      { disk: { sizeMiB: 2048, swapMiB: 8 } },
    ],
    [
      'a list takes the place of the inherited one',
      [{ guest: { consoles: ['tty0', 'hvc0'] } }, { guest: { consoles: ['ttyS0'] } }],
      { guest: { consoles: ['ttyS0'] } },
    ],
    [
      'an empty list too',
      [{ finish: { keepLocales: ['en'] } }, { finish: { keepLocales: [] } }],
      { finish: { keepLocales: [] } },
    ],
    [
      'packages add, each once',
      [{ packages: { include: ['a1', 'b1'] } }, { packages: { include: ['c1', 'a1'] } }],
      { packages: { include: ['a1', 'b1', 'c1'] } },
    ],
    [
      'replace drops what was inherited',
      [{ packages: { include: ['a1'] } }, { packages: { include: { replace: ['b1'] } } }],
      { packages: { include: ['b1'] } },
    ],
    [
      'replace without anything inherited',
      [{}, { packages: { include: { replace: ['b1'] } } }],
      { packages: { include: ['b1'] } },
    ],
    [
      'what hygiene expects adds',
      [{ finish: { expectedFiles: ['/opt/a'] } }, { finish: { expectedFiles: ['/opt/b', '/opt/a'] } }],
      { finish: { expectedFiles: ['/opt/a', '/opt/b'] } },
    ],
    [
      'exclude takes off the inherited include',
      [{ packages: { include: ['a1', 'b1'] } }, { packages: { exclude: ['a1'] } }],
      { packages: { include: ['b1'], exclude: ['a1'] } },
    ],
    [
      'include takes off the inherited exclude',
      [{ packages: { exclude: ['a1'] } }, { packages: { include: ['a1'] } }],
      { packages: { exclude: [], include: ['a1'] } },
    ],
    [
      'a file takes the place of its namesake',
      [
        {
          files: [
            { path: '/a', content: '1' },
            { path: '/b', content: '2' },
          ],
        },
        { files: [{ path: '/a', source: 's' }] },
      ],
      {
        files: [
          { path: '/a', source: 's' },
          { path: '/b', content: '2' },
        ],
      },
    ],
    [
      'steps add, even the same one twice',
      [
        { provisioners: [{ type: 'shell', inline: 'x' }] },
        { provisioners: [{ type: 'shell', inline: 'x' }] },
      ],
      {
        provisioners: [
          { type: 'shell', inline: 'x' },
          { type: 'shell', inline: 'x' },
        ],
      },
    ],
    ['nothing gives nothing', [], {}],
  ])('%s', (_because, documents, expected) => {
    expect(merged(...documents)).toEqual(expected);
  });

  test('every value knows the document it came from', () => {
    const origins = originsOf(
      mergeDocuments([
        { origin: 'first', document: { disk: { sizeMiB: 1 }, packages: { include: ['a1'] }, files: [] } },
        { origin: 'second', document: { disk: { swapMiB: 0 }, packages: { include: ['b1'] } } },
      ]),
    );
    expect(Object.fromEntries(origins)).toEqual({
      '.disk.sizeMiB': 'first',
      '.disk.swapMiB': 'second',
      '.packages.include[0]': 'first',
      '.packages.include[1]': 'second',
      '.files': 'first',
    });
  });
});
