import type { Command } from '../../../src/cli/command.ts';
import type { OptionTable } from '../../../src/cli/option.ts';

/** Options of every kind. */
export const SAMPLE_OPTIONS = {
  force: { kind: 'flag', summary: 'a flag' },
  name: { kind: 'text', value: 'NAME', summary: 'a text' },
  set: { kind: 'list', value: 'PATH=VALUE', summary: 'a list' },
  count: { kind: 'number', value: 'N', summary: 'a number' },
  resume: { kind: 'optional-text', value: 'RUN', summary: 'an optional text' },
  accel: { kind: 'choice', choices: ['auto', 'kvm'], default: 'auto', summary: 'a choice' },
  secret: { kind: 'flag', summary: 'hidden', hidden: true },
} as const satisfies OptionTable;

function command(name: string, parts: Partial<Command> = {}): Command {
  return {
    name,
    summary: `do ${name}`,
    options: {},
    positionals: [],
    examples: [],
    run: () => Promise.resolve({ document: {} }),
    ...parts,
  };
}

/** A small command table with a group, required parts and a hidden command. */
export const SAMPLE_COMMANDS: readonly Command[] = [
  command('build', {
    options: SAMPLE_OPTIONS,
    examples: [{ commandLine: 'mintmark build --name x', does: 'the usual' }],
  }),
  command('render', { options: { out: { kind: 'text', value: 'DIR', summary: 'where', required: true } } }),
  command('version next', { positionals: [{ name: 'LINE', summary: 'a line', required: true }] }),
  command('version parse', {
    positionals: [{ name: 'VERSION', summary: 'versions', required: false, repeated: true }],
  }),
  command('ghost', { hidden: true }),
];
