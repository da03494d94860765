import type { CheckResult, SuiteResult, TestReport } from '../manifests/test-report.ts';
import { element, renderXml, withXmlCharacters, type XmlElement } from '../values/xml.ts';

type Attributes = XmlElement['attributes'];

/**
 * Text of `junit.xml`: a suite for each thing that was tested, a case for each check. Elements and attributes are those
 * of Jenkins' own schema (`junit-10.xsd` of its xunit plugin), which knows no `skipped` on `testsuites` and no
 * properties of a case. A case is called by its check's name, and its class by line and suite without a version, so
 * that Jenkins shows one history over all releases of a line. There are no `errors`: what keeps a check from being made
 * is a failure of the image, or ends the test without a report.
 */
export function renderJunit(report: TestReport): string {
  const checks = report.suites.flatMap((suite) => suite.checks);
  const suites = report.suites.map((suite) => suiteElement(suite, report));
  return renderXml(
    xml('testsuites', suites, {
      name: report.subject,
      tests: checks.length,
      failures: count(checks, 'failed'),
      errors: 0,
      time: seconds(report.durationMs),
    }),
  );
}

function suiteElement(suite: SuiteResult, report: TestReport): XmlElement {
  const { name, checks, evidence } = suite;
  const className = ['mintmark', lineOf(report.subject), name].map(classPart).join('.');
  return xml(
    'testsuite',
    [
      xml('properties', propertiesOf(suite, report)),
      ...checks.map((check) => caseElement(check, className)),
      // Names only: Jenkins' attachments need paths within a workspace, which a report does not know.
      evidence.length === 0 ? undefined : xml('system-out', ['evidence:', ...evidence].join('\n')),
    ],
    {
      name,
      tests: checks.length,
      failures: count(checks, 'failed'),
      errors: 0,
      skipped: count(checks, 'skipped'),
      time: seconds(suite.durationMs),
      timestamp: timestampOf(report.startedAt),
    },
  );
}

function propertiesOf(suite: SuiteResult, { subject, host, files }: TestReport): XmlElement[] {
  const { file, target, format, contract, channel, boot } = suite;
  const properties: Readonly<Record<string, string | number | undefined>> = {
    subject,
    file,
    sha256: files.find((tested) => tested.file === file)?.sha256,
    target,
    format,
    contract,
    channel: channel?.name,
    'channel-kind': channel?.kind,
    accelerator: host.accelerator,
    qemu: host.qemu,
    'boot-ready-seconds': boot?.readyMs === undefined ? undefined : seconds(boot.readyMs),
  };
  return Object.entries(properties).flatMap(([name, value]) =>
    value === undefined ? [] : [xml('property', [], { name, value })],
  );
}

function caseElement(check: CheckResult, className: string): XmlElement {
  const { name, durationMs } = check;
  const attributes = {
    name,
    classname: className,
    ...(durationMs === undefined ? {} : { time: seconds(durationMs) }),
  };
  return xml('testcase', [outcomeElement(check)], attributes);
}

function outcomeElement({ outcome, title, ...check }: CheckResult): XmlElement | undefined {
  const { name, expected, found, details = [] } = check;
  if (outcome === 'passed') return undefined;
  if (outcome === 'skipped') return xml('skipped', [], { message: found ?? title });
  const lines = [
    title,
    ...(expected === undefined ? [] : [`expected  ${expected}`]),
    ...(found === undefined ? [] : [`found     ${found}`]),
    ...details,
  ];
  const message = found === undefined ? title : `${title}: found ${found}`;
  return xml('failure', lines.join('\n'), { message, type: name });
}

/** An element whose values hold only what XML can write; they may come from a guest's console. */
function xml(
  name: string,
  content: XmlElement['content'] | (XmlElement | undefined)[],
  attributes: Attributes = {},
): XmlElement {
  const written = Object.entries(attributes).map(([key, value]) => [key, withXmlCharacters(String(value))]);
  return element(
    name,
    typeof content === 'string' ? withXmlCharacters(content) : content,
    Object.fromEntries(written),
  );
}

function count(checks: readonly CheckResult[], outcome: CheckResult['outcome']): number {
  return checks.filter((check) => check.outcome === outcome).length;
}

function seconds(durationMs: number): string {
  return (Math.max(0, durationMs) / 1000).toFixed(3);
}

/** Without fractions and zone, as Ant writes it, in UTC. */
function timestampOf(instant: string): string {
  return instant.replace(/(?:\.\d+)?Z$/, '');
}

/** The line in the name of a release or its file: `server` of `server_26.11.21-1.57_x86_64`; else the whole name. */
function lineOf(subject: string): string {
  return /^(.+?)[_@ ]\d+\.\d/.exec(subject)?.[1] ?? subject;
}

/** A dot separates packages and class; everything but letters, digits and `_` would be changed in Jenkins' addresses. */
function classPart(name: string): string {
  return name.replaceAll(/[^\p{Letter}\p{Number}_-]+/gu, '-') || '-';
}
