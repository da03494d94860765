import type { Finding } from '../catalogue/finding.ts';
import { withoutControlCharacters, type TextLayout } from './text-layout.ts';

/** What a verification found: a line for each, so that scripts can cut them; then the notes, and what was read. */
export function renderFindings(
  findings: readonly Finding[],
  notes: readonly string[],
  summary: string,
  { style }: TextLayout,
): string {
  return [
    ...findings.map((finding) => `${style.red('✖')} ${clean(renderFinding(finding))}`),
    ...notes.map((note) => `${style.yellow('·')} ${clean(note)}`),
    ...(findings.length + notes.length === 0 ? [] : ['']),
    summary,
  ].join('\n');
}

/** `path member: fault; expected X, found Y` */
export function renderFinding({ path, member, fault, expected, found }: Finding): string {
  const place = member === undefined ? path : `${path} ${member}`;
  const values = [
    ...(expected === undefined ? [] : [`expected ${expected}`]),
    ...(found === undefined ? [] : [`found ${found}`]),
  ];
  return `${place}: ${fault}${values.length === 0 ? '' : `; ${values.join(', ')}`}`;
}

function clean(text: string): string {
  return withoutControlCharacters(text.replaceAll('\n', ' '));
}
