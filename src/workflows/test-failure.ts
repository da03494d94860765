import { Failure, type FailureFact } from '../errors/failure.ts';
import { failedChecks, type CheckResult, type TestReport } from '../manifests/test-report.ts';

/** Failed checks that are listed one by one. */
const SHOWN = 12;
/** Lines of explanation that are shown of one. */
const DETAILS_SHOWN = 8;

/**
 * The failure of kind `image-test` that a report stands for; undefined when every check passed. Its one line names what
 * failed first; a machine that does not come up goes before all else.
 *
 * @param directory where reports and evidence are
 */
export function testFailureOf(report: TestReport, directory: string): Failure | undefined {
  const all = failedChecks(report).toSorted((a, b) => gravityOf(b.check) - gravityOf(a.check));
  const [first] = all;
  if (first === undefined) return undefined;
  const more = all.length === 1 ? '' : ` (and ${all.length - 1} more)`;
  const { suite, check } = first;
  const message = `${report.subject} failed its tests: ${suite.name}: ${describeCheck(check)}${more}`;
  const facts: FailureFact[] = all.slice(0, SHOWN).map((each) => ({
    label: each.suite.name,
    lines: [
      `${each.check.title}: ${describeCheck(each.check)}`,
      ...(each.check.details ?? []).slice(0, DETAILS_SHOWN).map((line) => `  ${line}`),
    ],
  }));
  return new Failure('image-test', 'E_IMAGE_TEST_FAILED', message, {
    facts: [...facts, { label: 'evidence', lines: [directory] }],
    evidence: {
      directory,
      failed: all.map((each) => ({ suite: each.suite.name, ...each.check })),
    },
  });
}

function gravityOf({ name }: CheckResult): number {
  return name === 'ready' ? 1 : 0;
}

function describeCheck({ name, expected, found }: CheckResult): string {
  if (name === 'ready') return `it does not get ready: ${found ?? 'for an unknown reason'}`;
  return `expected ${expected ?? 'otherwise'}, found ${found ?? 'nothing'}`;
}
