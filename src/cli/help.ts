import { EXIT_CODES } from '../errors/failure.ts';
import type { Command, Example } from './command.ts';
import { EXIT_CODE_MEANINGS } from './exit-code-meanings.ts';
import { GLOBAL_OPTIONS } from './global-options.ts';
import { describeOption, renderOptionUsage, visibleOptions, type OptionTable } from './option.ts';
import { renderColumns, type TextLayout } from './text-layout.ts';

const OVERVIEW_EXAMPLES: readonly Example[] = [
  { commandLine: 'mintmark build --profile server', does: 'cut a small Debian server template' },
  { commandLine: 'mintmark build --profile kvm --dry-run', does: 'show what would be built' },
  { commandLine: 'mintmark doctor', does: 'see whether this machine can build' },
];

/** The page of `mintmark --help`; with a group such as `version`, only its commands. */
export function renderOverview(commands: readonly Command[], layout: TextLayout, group?: string): string {
  const shown = commands.filter(
    (command) => command.hidden !== true && (group === undefined || command.name.startsWith(`${group} `)),
  );
  const examples = group === undefined ? OVERVIEW_EXAMPLES : shown.flatMap((command) => command.examples);
  return joinSections([
    [`${layout.style.bold('Usage:')} mintmark ${group === undefined ? '' : `${group} `}COMMAND [OPTIONS]`],
    titled('Commands', renderColumns(commandRows(shown), 2), layout),
    titled('Options of every command', renderColumns(optionRows(GLOBAL_OPTIONS), 2), layout),
    titled('Examples', renderColumns(exampleRows(examples), 2), layout),
    group === undefined ? titled('Exit codes', renderColumns(exitCodeRows(), 2), layout) : [],
  ]);
}

/** The page of `mintmark COMMAND --help`. */
export function renderCommandHelp(command: Command, layout: TextLayout): string {
  const positionals = command.positionals.map((spec) => [spec.name, spec.summary]);
  return joinSections([
    [`${layout.style.bold('Usage:')} ${renderUsage(command)}`, '', capitalised(command.summary)],
    titled('Arguments', renderColumns(positionals, 2), layout),
    titled('Options', renderColumns(optionRows(command.options), 2), layout),
    titled('Options of every command', renderColumns(optionRows(GLOBAL_OPTIONS), 2), layout),
    titled('Examples', renderColumns(exampleRows(command.examples), 2), layout),
  ]);
}

/** `mintmark render --profile NAME --out DIR [OPTIONS]`. */
export function renderUsage(command: Command): string {
  const required = Object.entries(command.options)
    .filter(([, spec]) => spec.kind === 'text' && spec.required)
    .map(([name, spec]) => renderOptionUsage(name, spec));
  const positionals = command.positionals.map((spec) => {
    const name = spec.repeated ? `${spec.name}…` : spec.name;
    return spec.required ? name : `[${name}]`;
  });
  const more = visibleOptions(command.options).length > required.length ? ['[OPTIONS]'] : [];
  return ['mintmark', command.name, ...required, ...positionals, ...more].join(' ');
}

/** Options as rows of usage and description. */
export function optionRows(table: OptionTable): string[][] {
  return visibleOptions(table).map(([name, spec]) => [renderOptionUsage(name, spec), describeOption(spec)]);
}

/** Commands as rows of name and summary. */
export function commandRows(commands: readonly Command[]): string[][] {
  return commands.map((command) => [command.name, command.summary]);
}

/** Exit codes as rows of number and meaning, in numeric order. */
export function exitCodeRows(): string[][] {
  return Object.entries(EXIT_CODES)
    .toSorted(([, a], [, b]) => a - b)
    .map(([outcome, code]) => [String(code), meaningOf(outcome)]);
}

function meaningOf(outcome: string): string {
  return Object.entries(EXIT_CODE_MEANINGS).find(([name]) => name === outcome)?.[1] ?? '';
}

function exampleRows(examples: readonly Example[]): string[][] {
  return examples.map((example) => [example.commandLine, `# ${example.does}`]);
}

function titled(title: string, lines: readonly string[], layout: TextLayout): string[] {
  return lines.length === 0 ? [] : [layout.style.bold(`${title}:`), ...lines];
}

function joinSections(sections: readonly (readonly string[])[]): string {
  return sections
    .filter((section) => section.length > 0)
    .map((section) => section.join('\n'))
    .join('\n\n');
}

function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
