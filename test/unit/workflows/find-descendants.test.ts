import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { renderJournal, type JournalEntry } from '../../../src/catalogue/journal.ts';
import { findDescendants } from '../../../src/workflows/find-descendants.ts';
import { filed } from '../catalogue/sample-journal.ts';

let catalogue: string;

beforeEach(() => {
  catalogue = mkdtempSync(join(tmpdir(), 'mintmark-descend-'));
  line('base', filed('26.11.20-1.1'), filed('26.11.21-1.2', { reissueOf: '26.11.20-1.1' }));
  line('server', filed('26.11.20-1.1', { parent: 'base@26.11.20-1.1' }));
  line(
    'router',
    filed('26.11.22-1.1', { parent: 'server@26.11.20-1.1' }),
    filed('26.11.22-1.2', { parent: 'base@26.11.21-1.2' }),
    filed('26.11.22-1.3', { parent: 'base@26.11.19-1.7' }),
  );
});

afterEach(() => {
  rmSync(catalogue, { recursive: true, force: true });
});

function line(name: string, ...entries: JournalEntry[]): void {
  mkdirSync(join(catalogue, 'lines', name), { recursive: true });
  const text = renderJournal({ schema: 1, line: name, entries });
  writeFileSync(join(catalogue, 'lines', name, 'journal.json'), text);
}

describe('findDescendants', () => {
  test.each([
    {
      of: ['base', '26.11.20-1.1'],
      found: ['base@26.11.21-1.2', 'server@26.11.20-1.1', 'router@26.11.22-1.2', 'router@26.11.22-1.1'],
      because: 'reissues and releases of other lines come from it, and what was made from those',
    },
    {
      of: ['server', '26.11.20-1.1'],
      found: ['router@26.11.22-1.1'],
      because: 'the same LONG of another line is another release',
    },
    { of: ['router', '26.11.22-1.1'], found: [], because: 'nothing was made from it' },
    { of: ['nowhere', '26.11.22-1.1'], found: [], because: 'a line that is not there has no releases' },
  ])('of $of: $because', async ({ of: [name = '', long = ''], found }) => {
    await expect(findDescendants(catalogue, name, long)).resolves.toEqual(found);
  });

  test('two that name each other are no endless tale', async () => {
    line('base', filed('26.11.20-1.1', { parent: 'twin@26.11.20-1.1' }));
    line('twin', filed('26.11.20-1.1', { parent: 'base@26.11.20-1.1' }));
    await expect(findDescendants(catalogue, 'base', '26.11.20-1.1')).resolves.toContain('twin@26.11.20-1.1');
  });
});
