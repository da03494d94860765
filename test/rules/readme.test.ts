import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { renderMarkdownSections, replaceMarkdownSections } from '../../src/cli/help-markdown.ts';
import { isMapping } from '../../src/schemas/document-path.ts';
import { REPOSITORY } from './source-files.ts';

const README = join(REPOSITORY, 'README.md');
const sections = renderMarkdownSections(COMMANDS);

// `MINTMARK_GOLDEN=write` brings the README up to date, as it does for the golden files.
if (process.env['MINTMARK_GOLDEN'] === 'write') {
  writeFileSync(README, replaceMarkdownSections(readFileSync(README, 'utf8'), sections));
}
const text = readFileSync(README, 'utf8');

describe('README.md', () => {
  test('its generated tables are those of the code (MINTMARK_GOLDEN=write updates them)', () => {
    expect(text).toBe(replaceMarkdownSections(text, sections));
  });

  test.each([...sections.keys()])('shows the table %s', (name) => {
    expect(text).toContain(`<!-- ${name} -->`);
    expect(text).toContain(`<!-- /${name} -->`);
  });

  test('every marker belongs to a table', () => {
    const markers = [...text.matchAll(/^<!-- ([^/].*?) -->$/gm)].map(([, name]) => name);
    expect(markers.filter((name) => !sections.has(name ?? ''))).toEqual([]);
  });

  test('names only npm scripts that exist', () => {
    const manifest: unknown = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));
    const scripts =
      isMapping(manifest) && isMapping(manifest['scripts']) ? Object.keys(manifest['scripts']) : [];
    const used = [...text.matchAll(/npm run (?:-s )?([\w:]+)/g)].map(([, name]) => name);
    expect(used.filter((name) => !scripts.includes(name ?? ''))).toEqual([]);
  });

  test('names only files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map(([, target = '']) => target);
    const missing = links.filter((target) => !exists(join(REPOSITORY, target.split('#')[0] ?? '')));
    expect(missing).toEqual([]);
  });
});

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EISDIR';
  }
}
