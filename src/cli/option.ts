/** What every option states about itself; help, parser and README read the same table. */
interface OptionFacts {
  /** One line for the help, without a final full stop. */
  readonly summary: string;
  /** Left out of help and README. */
  readonly hidden?: true;
}

/** `--name`, on or off. */
export interface FlagOption extends OptionFacts {
  readonly kind: 'flag';
}

/** `--name VALUE`; the last one given counts. */
export interface TextOption extends OptionFacts {
  readonly kind: 'text';
  /** What the help calls the value, in capitals. */
  readonly value: string;
  readonly required?: true;
}

/** `--name` or `--name VALUE`; without a value it is the empty string. */
export interface OptionalTextOption extends OptionFacts {
  readonly kind: 'optional-text';
  readonly value: string;
}

/** `--name VALUE`, repeatable; empty when not given. */
export interface ListOption extends OptionFacts {
  readonly kind: 'list';
  readonly value: string;
}

/** `--name N`, a whole number from 0. */
export interface NumberOption extends OptionFacts {
  readonly kind: 'number';
  readonly value: string;
}

/** `--name WORD` with a fixed set of words. */
export interface ChoiceOption extends OptionFacts {
  readonly kind: 'choice';
  readonly choices: readonly string[];
  readonly default: string;
}

/** One option of a command. */
export type OptionSpec =
  FlagOption | TextOption | OptionalTextOption | ListOption | NumberOption | ChoiceOption;

/** Options by name, without the leading dashes, in the order the help shows them. */
export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** Type of an option's parsed value. */
export type OptionValue<Spec extends OptionSpec> = Spec extends FlagOption
  ? boolean
  : Spec extends ListOption
    ? readonly string[]
    : Spec extends NumberOption
      ? number | undefined
      : Spec extends ChoiceOption
        ? Spec['choices'][number]
        : Spec extends { readonly required: true }
          ? string
          : string | undefined;

/** The parsed values of a whole table. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: OptionValue<Table[Name]>;
};

/** How an option is written: `--profile NAME`, `--accel auto|kvm|tcg`, `--resume [RUN]`, `--json`. */
export function renderOptionUsage(name: string, spec: OptionSpec): string {
  switch (spec.kind) {
    case 'flag':
      return `--${name}`;
    case 'optional-text':
      return `--${name} [${spec.value}]`;
    case 'choice':
      return `--${name} ${spec.choices.join('|')}`;
    default:
      return `--${name} ${spec.value}`;
  }
}

/** The summary with what the table knows beside it: required, repeatable, the default. */
export function describeOption(spec: OptionSpec): string {
  if (spec.kind === 'list') return `${spec.summary} (repeatable)`;
  if (spec.kind === 'choice') return `${spec.summary} (default ${spec.default})`;
  return spec.kind === 'text' && spec.required ? `${spec.summary} (required)` : spec.summary;
}

/** The entries that people are shown. */
export function visibleOptions(table: OptionTable): readonly (readonly [string, OptionSpec])[] {
  return Object.entries(table).filter(([, spec]) => spec.hidden !== true);
}
