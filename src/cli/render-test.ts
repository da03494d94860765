import {
  hasPassed,
  type CheckOutcome,
  type CheckResult,
  type SuiteResult,
  type TestReport,
} from '../manifests/test-report.ts';
import { renderDuration } from '../values/duration.ts';
import { alignRight, renderColumns, withoutControlCharacters, type TextLayout } from './text-layout.ts';

/** Columns of the names of suites, so that reports look alike. */
const NAME_WIDTH = 10;

/** Where the lines about a check begin. */
const INDENT = '    ';

/**
 * What a test came to, for people: a line for each suite, below it what failed with what was promised and what was
 * there, and why something was skipped; at the end the counts. Texts from the guest are made harmless.
 */
export function renderTestSummary(report: TestReport, layout: TextLayout): string {
  const { style, width } = layout;
  const { subject, host, suites, durationMs } = report;
  const nameWidth = Math.max(NAME_WIDTH, ...suites.map(({ name }) => Array.from(clean(name)).length));
  const accelerator = host.accelerator.toUpperCase();
  return [
    alignRight(
      `  ${style.bold(clean(subject))}  ${style.dim(`qemu ${clean(host.qemu)} · ${accelerator}`)}`,
      renderDuration(durationMs),
      width,
    ),
    '',
    ...suites.flatMap((suite) => renderSuite(suite, nameWidth, layout)),
    '',
    `  ${renderTotal(report, layout)}`,
  ].join('\n');
}

function renderSuite(suite: SuiteResult, nameWidth: number, layout: TextLayout): string[] {
  const { style, width } = layout;
  const failed = suite.checks.filter(({ outcome }) => outcome === 'failed');
  const skipped = suite.checks.filter(({ outcome }) => outcome === 'skipped');
  const mark = failed.length === 0 ? style.green('✔') : style.red('✖');
  const title = `${mark} ${clean(suite.name).padEnd(nameWidth)}  ${renderCounts(suite)}`;
  const evidence = failed.length === 0 || suite.evidence.length === 0 ? [] : [suite.evidence.join(', ')];
  return [
    alignRight(title, renderDuration(suite.durationMs), width),
    ...failed.flatMap((check) => renderFailed(check, layout)),
    ...skipped.map((check) => INDENT + style.dim(renderSkipped(check))),
    ...evidence.map((names) => `${INDENT}${style.bold('evidence')}  ${clean(names)}`),
  ];
}

/** `ready in 31 s, 14 checks, 1 failed, 2 skipped` */
function renderCounts({ boot, checks }: SuiteResult): string {
  const ready = boot?.readyMs === undefined ? 'not ready' : `ready in ${renderDuration(boot.readyMs)}`;
  const failed = count(checks, 'failed');
  const skipped = count(checks, 'skipped');
  return [
    ...(boot === undefined ? [] : [ready]),
    counted(checks.length),
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(skipped === 0 ? [] : [`${skipped} skipped`]),
  ].join(', ');
}

function renderFailed(
  { title, expected, found, details = [] }: CheckResult,
  { style }: TextLayout,
): string[] {
  const facts = [
    ['expected', expected],
    ['found', found],
  ].flatMap(([label = '', text]) => (text === undefined ? [] : [[style.bold(label), clean(text)]]));
  return [
    `${INDENT}${style.red('✖')} ${clean(title)}`,
    ...renderColumns(facts, INDENT.length + 2),
    ...details.map((detail) => `${INDENT}  ${clean(detail)}`.trimEnd()),
  ];
}

function renderSkipped({ title, found }: CheckResult): string {
  return clean(found === undefined ? `- ${title}: skipped` : `- ${title}: skipped, ${found}`);
}

/** `61 checks passed`, or `2 of 61 checks failed, 1 skipped`. */
function renderTotal(report: TestReport, { style }: TextLayout): string {
  const checks = report.suites.flatMap((suite) => suite.checks);
  const skipped = count(checks, 'skipped');
  const rest = skipped === 0 ? '' : `, ${skipped} skipped`;
  if (!hasPassed(report)) {
    return style.red(`${count(checks, 'failed')} of ${counted(checks.length)} failed${rest}`);
  }
  return `${counted(count(checks, 'passed'))} passed${rest}`;
}

function counted(number: number): string {
  return number === 1 ? '1 check' : `${number} checks`;
}

function count(checks: readonly CheckResult[], outcome: CheckOutcome): number {
  return checks.filter((check) => check.outcome === outcome).length;
}

function clean(text: string): string {
  return withoutControlCharacters(text.replaceAll('\n', ' '));
}
