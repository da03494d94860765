import { Failure, exitCodeOf, type FailureFact } from '../errors/failure.ts';
import { InvalidDocument } from '../errors/fault.ts';
import { alignRight, fitsBeside, withoutControlCharacters, type TextLayout } from './text-layout.ts';

/** Columns of the labels, so that failures look alike. */
const LABEL_WIDTH = 9;

/**
 * A thrown value as a person reads it: what went wrong, the reason beneath it, the details, what to
 * do, and the exit code at the right. What is not an expected failure is shown with its stack, as a bug.
 */
export function renderFailure(error: unknown, layout: TextLayout): string {
  if (!(error instanceof Failure)) return renderBug(error, layout);
  const { style } = layout;
  const details = indented([...reasonLines(error), ...error.details]);
  const facts = renderFacts(error.facts, layout);
  const sections = [
    [error instanceof InvalidDocument ? error.message : `${style.red('✖')} ${clean(error.message)}`],
    facts,
    details,
    error.hint === undefined ? [] : [`  ${style.bold('hint')}  ${clean(error.hint)}`],
  ].filter((section) => section.length > 0);
  // A profile's faults and a lone hint belong right below the title; anything longer breathes.
  const compact = error instanceof InvalidDocument || (details.length === 0 && facts.length === 0);
  const separator = compact ? '\n' : '\n\n';
  const text = sections.map((section) => section.join('\n')).join(separator);
  return withExitCode(text, exitCodeOf(error), layout);
}

/** Puts `exit N` at the right end of the last line, or below it when that line is long. */
function withExitCode(text: string, exitCode: number, { width, style }: TextLayout): string {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  const exit = style.dim(`exit ${exitCode}`);
  const end = fitsBeside(last, exit, width) ? [last] : [last, ''];
  return [...lines, ...end.slice(0, -1), alignRight(end.at(-1) ?? '', exit, width)].join('\n');
}

/** Each fact beside its label; further lines of it below the first. */
function renderFacts(facts: readonly FailureFact[], { style }: TextLayout): string[] {
  const labelWidth = Math.max(LABEL_WIDTH, ...facts.map(({ label }) => label.length));
  return facts.flatMap(({ label, lines }) =>
    lines.map((line, index) => {
      const name = (index === 0 ? label : '').padEnd(labelWidth);
      return `  ${style.bold(name)}  ${clean(line)}`.trimEnd();
    }),
  );
}

/** The messages of the causes, outermost first, where they say more than what is already said. */
function reasonLines(error: Failure): string[] {
  const reasons: string[] = [];
  // Facts name the reason already.
  if (error.facts.length > 0) return reasons;
  let said = [error.message, ...error.details].join('\n');
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    if (!said.includes(cause.message)) {
      reasons.push(`reason  ${cause.message}`);
      said += `\n${cause.message}`;
    }
  }
  return reasons;
}

function renderBug(error: unknown, layout: TextLayout): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : `thrown value: ${String(error)}`;
  const text = [
    `${layout.style.red('✖')} this is a bug in Mintmark`,
    '',
    ...indented(stack.split('\n')),
    '',
    `  ${layout.style.bold('hint')}  please report it with the lines above and what \`mintmark doctor\` prints`,
  ].join('\n');
  return withExitCode(text, exitCodeOf(error), layout);
}

function indented(lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split('\n')).map((line) => `  ${clean(line)}`.trimEnd());
}

function clean(text: string): string {
  return withoutControlCharacters(text.replaceAll('\n', ' '));
}
