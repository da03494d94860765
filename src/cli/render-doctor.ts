import type { DoctorFinding } from '../workflows/doctor-finding.ts';
import { renderColumns, type TextLayout } from './text-layout.ts';

/** Findings as lines of mark, name and text; what is not well has its remedy below it. */
export function renderDoctor(findings: readonly DoctorFinding[], { style }: TextLayout): string {
  const marks = { ok: style.green('✔'), warn: style.yellow('!'), fail: style.red('✖') } as const;
  const rows = findings.flatMap(({ name, status, text, remedy }) => {
    const found = [marks[status], name, text];
    return remedy === undefined ? [found] : [found, ['', '', `remedy: ${remedy}`]];
  });
  return renderColumns(rows).join('\n');
}
