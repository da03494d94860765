import type { Command } from './command.ts';
import { GLOBAL_OPTIONS } from './global-options.ts';
import { commandRows, exitCodeRows, optionRows } from './help.ts';
import { visibleLength } from './text-layout.ts';

/**
 * The README's generated tables by section name. In the README a section stands between
 * `<!-- NAME -->` and `<!-- /NAME -->`.
 */
export function renderMarkdownSections(commands: readonly Command[]): ReadonlyMap<string, string> {
  const visible = commands.filter((command) => command.hidden !== true);
  const sections = new Map<string, string>([
    ['commands', renderTable(['command', 'does'], codeFirst(commandRows(visible)))],
    ['options:global', renderTable(['option', 'meaning'], codeFirst(optionRows(GLOBAL_OPTIONS)))],
    ['exit-codes', renderTable(['exit code', 'meaning'], exitCodeRows())],
  ]);
  for (const command of visible) {
    const rows = [
      ...command.positionals.map((positional) => [positional.name, positional.summary]),
      ...optionRows(command.options),
    ];
    if (rows.length > 0) {
      sections.set(`options:${command.name}`, renderTable(['option', 'meaning'], codeFirst(rows)));
    }
  }
  return sections;
}

/** A text with the content of every marked section replaced; sections it does not mark are left out. */
export function replaceMarkdownSections(text: string, sections: ReadonlyMap<string, string>): string {
  let result = text;
  for (const [name, table] of sections) {
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const start = result.indexOf(open);
    const end = result.indexOf(close);
    if (start < 0 || end < start) continue;
    result = `${result.slice(0, start + open.length)}\n\n${table}\n\n${result.slice(end)}`;
  }
  return result;
}

/** A table as Prettier would format it, so that a generated README passes the format check. */
function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const escaped = rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((cell, index) =>
    Math.max(3, cell.length, ...escaped.map((row) => visibleLength(row[index] ?? ''))),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - visibleLength(cell))).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...escaped.map(line)].join('\n');
}

function codeFirst(rows: readonly (readonly string[])[]): string[][] {
  return rows.map(([first = '', ...others]) => [`\`${first}\``, ...others]);
}
