import { describe, expect, test } from '@jest/globals';
import { parseBaseEntry, renderBaseEntry, type BaseEntry } from '../../../src/bases/base-entry.ts';
import { renderSealedJson } from '../../../src/values/sealed-json.ts';

const file = { sha256: '0'.repeat(64), sizeBytes: 1 };
const entry: BaseEntry = {
  schema: 1,
  key: 'k',
  method: 'bootstrap',
  created: '2026-11-21T00:00:00.000Z',
  rootUuid: '00000000-0000-8000-8000-000000000000',
  rootOffsetBytes: 1048576,
  virtualSizeBytes: 4096,
  files: { disk: file, kernel: file, initrd: file, changelogs: file },
  packages: [{ name: 'bash', version: '5', architecture: 'amd64' }],
};

describe('entry.json', () => {
  test('comes back as it was written', () => {
    expect(parseBaseEntry(renderBaseEntry(entry), 'k')).toEqual(entry);
  });

  const text = renderBaseEntry(entry);
  test.each([
    { damaged: '', because: 'an empty file' },
    { damaged: text.slice(0, -20), because: 'cut short' },
    { damaged: text.replace('"bash"', '"dash"'), because: 'a member was changed' },
    { damaged: text.replace('"sizeBytes": 1', '"sizeBytes": 2'), because: 'a number was changed' },
    { damaged: 'null', because: 'no object' },
    { damaged: '[]', because: 'a list' },
    { damaged: '{"sha256":1,"value":"x"}', because: 'members of other types' },
    { damaged: renderBaseEntry({ ...entry, key: 'other' }), because: 'the entry of another key' },
    { damaged: renderSealedJson({ ...entry, schema: 2 }), because: 'written by a later version' },
  ])('not believed: $because', ({ damaged }) => {
    expect(parseBaseEntry(damaged, 'k')).toBeUndefined();
  });
});
