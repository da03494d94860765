import { describe, expect, test } from '@jest/globals';
import { renderTestSummary } from '../../../src/cli/render-test.ts';
import { PLAIN_STYLE, createTextStyle } from '../../../src/cli/text-style.ts';
import type { CheckResult } from '../../../src/manifests/test-report.ts';
import { SAMPLE_BOOT, SAMPLE_HYGIENE, SAMPLE_REPORT } from '../reports/sample-report.ts';

const layout = { width: 80, style: PLAIN_STYLE };

/** The lines about a suite of one check. */
function linesAbout(check: Partial<CheckResult>, boot = SAMPLE_BOOT.boot): string[] {
  const whole = { name: 'port', title: 'port 22 answers', outcome: 'passed' as const, ...check };
  const suite = { ...SAMPLE_HYGIENE, checks: [whole], ...(boot ? { boot } : {}) };
  return renderTestSummary({ ...SAMPLE_REPORT, suites: [suite] }, layout)
    .split('\n')
    .slice(2);
}

describe('the summary of a test', () => {
  test('shows a line for each suite, and below it only what failed or was skipped', () => {
    expect(renderTestSummary(SAMPLE_REPORT, layout)).toBe(
      [
        '  server_26.11.21-1.57_x86_64  qemu 7.2.22 · TCG                            43 s',
        '',
        '✔ hygiene     1 check                                                      2.1 s',
        '✖ kvm qcow2   ready in 31 s, 3 checks, 1 failed, 1 skipped                  41 s',
        '    ✖ the release line is the recorded one',
        '      expected  Release 26.11.21',
        '      found     Release 26.11.20',
        '      /etc/mintmark-release',
        '      <built & stamped>',
        '    - names are resolved: skipped, the profile names no server',
        '    evidence  serial.log, screen.png',
        '',
        '  1 of 4 checks failed, 1 skipped',
      ].join('\n'),
    );
  });

  test('says the same in colours', () => {
    const coloured = renderTestSummary(SAMPLE_REPORT, { width: 80, style: createTextStyle(true) });
    expect(coloured).toContain('\x1b[32m✔\x1b[39m hygiene');
    expect(coloured).toContain('\x1b[2m- names are resolved');
    expect(coloured.replaceAll(/\x1b\[\d+m/g, '')).toBe(renderTestSummary(SAMPLE_REPORT, layout));
  });

  test.each<{ check: Partial<CheckResult>; line: string; because: string }>([
    { check: {}, line: '  1 check passed', because: 'one is no plural' },
    { check: { outcome: 'failed' }, line: '    ✖ port 22 answers', because: 'there may be no facts' },
    { check: { outcome: 'skipped' }, line: '    - port 22 answers: skipped', because: 'nor a reason' },
    {
      check: { outcome: 'skipped' },
      line: '  0 checks passed, 1 skipped',
      because: 'nothing was seen to pass',
    },
    {
      check: { outcome: 'failed', found: '\x1b[2J\x1b]0;x\x07no\nanswer' },
      line: '      found  no answer',
      because: 'a guest may not move the cursor',
    },
  ])('"$line": $because', ({ check, line }) => {
    expect(linesAbout(check)).toContain(line);
  });

  test('a boot that did not come to its end says so', () => {
    expect(linesAbout({}, { kernelMs: 3000 })[0]).toMatch(/^✔ hygiene {5}not ready, 1 check {2,}2\.1 s$/);
  });
});
