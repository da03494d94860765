import { describe, expect, test } from '@jest/globals';
import { EXIT_CODES } from '../../../src/errors/failure.ts';
import { COMMANDS } from '../../../src/cli/command-table.ts';
import type { Command } from '../../../src/cli/command.ts';
import { exitCodeRows, renderCommandHelp, renderOverview, renderUsage } from '../../../src/cli/help.ts';
import { visibleLength } from '../../../src/cli/text-layout.ts';
import { PLAIN_STYLE } from '../../../src/cli/text-style.ts';
import { SAMPLE_COMMANDS } from './sample-commands.ts';

const layout = { width: 100, style: PLAIN_STYLE };

function named(name: string): Command {
  const command = SAMPLE_COMMANDS.find((candidate) => candidate.name === name);
  if (!command) throw new Error(`no sample command ${name}`);
  return command;
}

describe('help', () => {
  test('a page has usage, options and examples from the table', () => {
    expect(renderCommandHelp(named('build'), layout)).toBe(
      `Usage: mintmark build [OPTIONS]

Do build.

Options:
  --force           a flag
  --name NAME       a text
  --set PATH=VALUE  a list (repeatable)
  --count N         a number
  --resume [RUN]    an optional text
  --accel auto|kvm  a choice (default auto)

Options of every command:
  --json         print exactly one JSON document on stdout at the end, also on failure
  --events FILE  write progress to FILE as JSON lines
  --quiet        no progress; only warnings, failures and the result
  --verbose      plain lines with every detail and every program call
  --no-color     no colours; the variable NO_COLOR does the same
  --help         show help; -h for short
  --version      show the version of Mintmark

Examples:
  mintmark build --name x  # the usual`,
    );
  });

  test.each([
    { name: 'render', usage: 'mintmark render --out DIR', because: 'required options are shown' },
    { name: 'version next', usage: 'mintmark version next LINE', because: 'required words are bare' },
    {
      name: 'version parse',
      usage: 'mintmark version parse [VERSION…]',
      because: 'optional words are bracketed',
    },
  ])('usage of $name: $because', ({ name, usage }) => {
    expect(renderUsage(named(name))).toBe(usage);
  });

  test('the overview leaves hidden commands out', () => {
    const overview = renderOverview(SAMPLE_COMMANDS, layout);
    expect(overview).toContain('version next');
    expect(overview).not.toContain('ghost');
  });

  test('the page of a group shows only its members', () => {
    const page = renderOverview(SAMPLE_COMMANDS, layout, 'version');
    expect(page).toContain('Usage: mintmark version COMMAND');
    expect(page).not.toContain('render');
  });

  test('every exit code has a meaning', () => {
    expect(exitCodeRows().map(([code]) => Number(code))).toEqual(
      Object.values(EXIT_CODES).toSorted((a, b) => a - b),
    );
    expect(exitCodeRows().filter(([, meaning]) => meaning === '')).toEqual([]);
  });

  test.each(COMMANDS.map((command) => ({ name: command.name, command })))(
    'the page of $name fits into 120 columns and has an example',
    ({ command }) => {
      const lines = renderCommandHelp(command, layout).split('\n');
      expect(lines.filter((line) => visibleLength(line) > 120)).toEqual([]);
      expect(command.examples.length).toBeGreaterThan(0);
    },
  );
});
