import { describe, expect, test } from '@jest/globals';
import { renderMarkdownSections, replaceMarkdownSections } from '../../../src/cli/help-markdown.ts';
import { SAMPLE_COMMANDS } from './sample-commands.ts';

const sections = renderMarkdownSections(SAMPLE_COMMANDS);

describe('README tables', () => {
  test('there is one for each visible command that takes something, and three for all', () => {
    expect([...sections.keys()]).toEqual([
      'commands',
      'options:global',
      'exit-codes',
      'options:build',
      'options:render',
      'options:version next',
      'options:version parse',
    ]);
  });

  test('a bar inside a cell is escaped', () => {
    expect(sections.get('options:build')).toContain('`--accel auto\\|kvm`');
  });

  test('only the marked place changes', () => {
    const text = 'a\n<!-- x -->\nold\n<!-- /x -->\nb <!-- y -->';
    const replaced = replaceMarkdownSections(
      text,
      new Map([
        ['x', 'new'],
        ['y', 'never closed'],
      ]),
    );
    expect(replaced).toBe('a\n<!-- x -->\n\nnew\n\n<!-- /x -->\nb <!-- y -->');
  });
});
