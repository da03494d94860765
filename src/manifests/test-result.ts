import type { Fault } from '../errors/fault.ts';
import { digestOfValue } from '../values/digest.ts';
import { defineDocument } from './define-document.ts';
import type { CheckOutcome, SuiteResult, TestReport } from './test-report.ts';
import { STATEMENT_TYPE, TEST_RESULT_SCHEMA, TEST_RESULT_TYPE } from './test-result-schema.ts';

/**
 * Content of `test-result.json`: an in-toto statement that says of these files which tests they passed. It is the
 * payload as it stands; a signature goes around it (DSSE, `application/vnd.in-toto+json`) and leaves it unchanged.
 */
export interface TestResult {
  readonly _type: typeof STATEMENT_TYPE;
  /** The files that were tested. */
  readonly subject: readonly TestedSubject[];
  readonly predicateType: typeof TEST_RESULT_TYPE;
  readonly predicate: TestResultPredicate;
}

/** A file that was tested. */
export interface TestedSubject {
  readonly name: string;
  readonly digest: { readonly sha256: string };
}

/**
 * What came out. A test is called `suite/check`. One that was skipped stands in no list: nobody saw it pass, so a policy
 * that demands it finds it missing; why it was skipped stands in `junit.xml`.
 */
export interface TestResultPredicate {
  /** `FAILED` when a test failed, `WARNED` when none failed because none was made, else `PASSED`. */
  readonly result: 'PASSED' | 'WARNED' | 'FAILED';
  /** What each suite ran on and how. */
  readonly configuration: readonly TestConfiguration[];
  /** Where the run can be looked at. */
  readonly url?: string;
  readonly passedTests: readonly string[];
  /** Always empty: our checks pass or fail. */
  readonly warnedTests: readonly string[];
  readonly failedTests: readonly string[];
}

/** A suite's configuration as an in-toto ResourceDescriptor, which must have a digest, content or address. */
export interface TestConfiguration {
  /** Name of the suite. */
  readonly name: string;
  /** SHA-256 over the annotations as JSON without blanks, keys in order, so that a policy can ask for one value. */
  readonly digest: { readonly sha256: string };
  /** Accelerator and QEMU, and of a boot: file, target, format, contract, channel and its kind. */
  readonly annotations: Readonly<Record<string, string>>;
}

const TEST_RESULT_DOCUMENT = defineDocument<TestResult>({
  schema: TEST_RESULT_SCHEMA,
  code: 'E_TEST_RESULT_INVALID',
  check: ({ predicate }) => [...checkOutcome(predicate), ...checkConfiguration(predicate)],
});

/** Reads `test-result.json`. @throws Failure `E_TEST_RESULT_INVALID` with every fault */
export function parseTestResult(text: string, subject = 'test-result.json'): TestResult {
  return TEST_RESULT_DOCUMENT.parse(text, subject);
}

/** Everything that is wrong with a test result. */
export function checkTestResult(result: unknown): readonly Fault[] {
  return TEST_RESULT_DOCUMENT.check(result);
}

/** Text of `test-result.json`. */
export function renderTestResult(result: TestResult): string {
  return `${JSON.stringify(result, null, 2)}\n`;
}

/** What a report states of its files. */
export function testResultOf(report: TestReport): TestResult {
  const passedTests = testNames(report, 'passed');
  const failedTests = testNames(report, 'failed');
  return {
    _type: STATEMENT_TYPE,
    subject: report.files.map(({ file, sha256 }) => ({ name: file, digest: { sha256 } })),
    predicateType: TEST_RESULT_TYPE,
    predicate: {
      result: resultOf(passedTests, failedTests),
      configuration: report.suites.map((suite) => configurationOf(suite, report)),
      passedTests,
      warnedTests: [],
      failedTests,
    },
  };
}

function testNames({ suites }: TestReport, outcome: CheckOutcome): string[] {
  return suites.flatMap((suite) =>
    suite.checks.filter((check) => check.outcome === outcome).map((check) => `${suite.name}/${check.name}`),
  );
}

function resultOf(passed: readonly string[], failed: readonly string[]): TestResultPredicate['result'] {
  if (failed.length > 0) return 'FAILED';
  return passed.length === 0 ? 'WARNED' : 'PASSED';
}

function configurationOf(suite: SuiteResult, { host }: TestReport): TestConfiguration {
  const { name, file, target, format, contract, channel } = suite;
  const facts = {
    ...host,
    file,
    target,
    format,
    contract,
    channel: channel?.name,
    channelKind: channel?.kind,
  };
  const annotations = Object.fromEntries(
    Object.entries(facts).filter((fact): fact is [string, string] => fact[1] !== undefined),
  );
  return { name, digest: { sha256: digestOfValue(annotations) }, annotations };
}

function checkOutcome({ result, passedTests, failedTests }: TestResultPredicate): Fault[] {
  const both = passedTests.filter((name) => failedTests.includes(name));
  const right = resultOf(passedTests, failedTests);
  return [
    ...both.map((name) => ({ path: '.predicate.failedTests', message: `"${name}" passed as well` })),
    ...(result === right
      ? []
      : [{ path: '.predicate.result', message: `must be ${right} by its tests; found "${result}"` }]),
  ];
}

function checkConfiguration({ configuration }: TestResultPredicate): Fault[] {
  return configuration.flatMap(({ digest, annotations }, index) =>
    digestOfValue(annotations) === digest.sha256
      ? []
      : [
          {
            path: `.predicate.configuration[${index}].digest.sha256`,
            message: `must be that of the annotations; found ${digest.sha256}`,
          },
        ],
  );
}
