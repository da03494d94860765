import { failedChecks, type TestReport } from '../manifests/test-report.ts';
import { renderDuration } from '../values/duration.ts';

/** A test in one line: `kvm ready in 31 s, vmware ready in 40 s: 35 checks`. */
export function summarizeReport(report: TestReport): string {
  const boots = report.suites.flatMap(({ name, boot }) =>
    boot === undefined
      ? []
      : [
          boot.readyMs === undefined
            ? `${name} not ready`
            : `${name} ready in ${renderDuration(boot.readyMs)}`,
        ],
  );
  const count = report.suites.reduce((sum, { checks }) => sum + checks.length, 0);
  const failed = failedChecks(report).length;
  const all = count === 1 ? '1 check' : `${count} checks`;
  const checks = failed === 0 ? all : `${failed} of ${all} failed`;
  return [boots.join(', '), checks].filter((text) => text !== '').join(': ');
}
