import { describe, expect, test } from '@jest/globals';
import { renderDiffMarkdown } from '../../../src/reports/diff-markdown.ts';
import { sampleDiff } from '../catalogue/sample-releases.ts';

describe('renderDiffMarkdown', () => {
  const page = renderDiffMarkdown(sampleDiff());

  test('begins with what a reader looks for', () => {
    expect(page.split('\n').slice(0, 11)).toEqual([
      '# server 26.11.21-1.57: what changed since 26.11.20-1.56',
      '',
      '2 upgraded (openssl: CVE-2026-1234), 1 downgraded, 1 added, 1 removed, 11 B smaller.',
      '',
      '## Packages',
      '',
      '2 upgraded, 1 downgraded, 1 added, 1 removed.',
      '',
      '- upgraded `openssl (2 packages)`: 3.5.1-1 → 3.5.2-1, security, CVE-2026-1234',
      '- downgraded `tar`: 2.0 → 1.0, changelog unknown',
      '- added `curl`: 8.0, 100 KiB',
    ]);
  });

  test('shows texts as differences, whatever backticks they hold', () => {
    expect(page).toContain(
      '`/etc/hosts`:\n\n```diff\n@@ -1,1 +1,2 @@\n 127.0.0.1 localhost\n+::1 `localhost`\n```\n',
    );
    const diff = '--- a/x\n+++ b/x\n@@ -0,0 +1,1 @@\n+````\n';
    const configuration = {
      known: true,
      files: [{ path: '/etc/x', change: 'added', diff }],
      untold: [],
    } as const;
    expect(renderDiffMarkdown(sampleDiff({ configuration }))).toContain(
      '`````diff\n@@ -0,0 +1,1 @@\n+````\n`````\n',
    );
  });

  test('names from an image are no Markdown, no HTML and no control characters', () => {
    const listeners = {
      known: true,
      added: [{ protocol: 'tcp', address: '<b>\x1b[2J', port: 1, process: '[a](http://b) `x`' }],
      removed: [],
    } as const;
    expect(renderDiffMarkdown(sampleDiff({ listeners }))).toContain(
      '- added `tcp/1`: \\<b\\>\\[2J, \\[a\\](http://b) \\`x\\`\n',
    );
  });

  test('what is unknown is said, and why', () => {
    const files = { known: false, reason: 'server 26.11.20-1.56 has no files.txt' } as const;
    expect(renderDiffMarkdown(sampleDiff({ files }))).toContain(
      '## Files\n\nunknown.\n\n> server 26.11.20-1.56 has no files.txt\n',
    );
  });

  test('long lists and texts are cut, and say so', () => {
    const words = Array.from({ length: 150 }, (_, index) => `word${index}`);
    const kernelArguments = { known: true, from: [], to: words, added: words, removed: [] } as const;
    const diff = ['---', '+++', ...words.flatMap((word) => [`-${word}`, `+${word}`])].join('\n');
    const configuration = {
      known: true,
      files: [{ path: '/etc/x', change: 'changed', diff }],
      untold: [],
    } as const;
    const cut = renderDiffMarkdown(sampleDiff({ kernelArguments, configuration }));
    expect(cut).toContain('- added `word99`\n- and 50 more, which diff.json tells\n');
    expect(cut).toContain('and 100 more lines, which diff.json tells\n');
  });
});
