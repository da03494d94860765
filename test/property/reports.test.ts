import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parseXml } from '../../src/inspection/xml-document.ts';
import type { CheckOutcome, CheckResult, SuiteResult, TestReport } from '../../src/manifests/test-report.ts';
import { renderBootTimeline } from '../../src/reports/boot-timeline.ts';
import { renderJunit } from '../../src/reports/junit.ts';
import { junitFaults } from '../unit/reports/junit-faults.ts';

/** Texts of any UTF-16 units, and of what breaks XML in particular. */
const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(']]>', '<!--', '--', '&#0;', '<?', '\0\x1b[0m', '\ud800', '"\'', ''),
);
const times = fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e7, noNaN: true }));

const checks: fc.Arbitrary<CheckResult> = fc.record(
  {
    name: texts,
    title: texts,
    outcome: fc.constantFrom<CheckOutcome>('passed', 'failed', 'skipped'),
    expected: texts,
    found: texts,
    details: fc.array(texts, { maxLength: 3 }),
    durationMs: times,
  },
  { requiredKeys: ['name', 'title', 'outcome'] },
);

const boots = fc.record(
  { kernelMs: times, userspaceMs: times, readyMs: times, loginMs: times },
  { requiredKeys: [] },
);

const suites: fc.Arbitrary<SuiteResult> = fc.record(
  {
    name: texts,
    file: texts,
    contract: texts,
    channel: fc.record({ name: texts, kind: fc.constantFrom('real' as const, 'simulated' as const) }),
    boot: boots,
    checks: fc.array(checks, { maxLength: 4 }),
    evidence: fc.array(texts, { maxLength: 2 }),
    durationMs: times,
  },
  { requiredKeys: ['name', 'checks', 'evidence', 'durationMs'] },
);

const reports: fc.Arbitrary<TestReport> = fc.record({
  subject: texts,
  startedAt: fc.constant('2026-11-21T07:31:00.000Z'),
  durationMs: times,
  files: fc.constant([]),
  host: fc.record({ accelerator: fc.constantFrom('kvm' as const, 'tcg' as const), qemu: texts }),
  suites: fc.array(suites, { maxLength: 4 }),
});

test('whatever a report holds, its junit.xml is one that Jenkins takes', () => {
  fc.assert(
    fc.property(reports, (report) => {
      expect(junitFaults(parseXml(renderJunit(report)))).toEqual([]);
    }),
  );
});

test('whatever suites hold, their timeline is well-formed and its numbers are numbers', () => {
  fc.assert(
    fc.property(fc.array(suites, { maxLength: 4 }), (several) => {
      const text = renderBootTimeline(several);
      expect(parseXml(text).name).toBe('svg');
      expect(text).not.toMatch(/="(?:[^"]* )?(?:NaN|-?Infinity|undefined)/);
      expect(text).not.toMatch(/(?:width|height)="-/);
    }),
  );
});
