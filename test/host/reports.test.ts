import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { renderBootTimeline } from '../../src/reports/boot-timeline.ts';
import { renderJunit } from '../../src/reports/junit.ts';
import { SAMPLE_BOOT, SAMPLE_REPORT } from '../unit/reports/sample-report.ts';

const hasXmllint = spawnSync('xmllint', ['--version']).error === undefined;
if (!hasXmllint) process.stderr.write('skipped: reports against xmllint, which is not installed\n');

const found = '\x1b[31m]]> & \0 \ufffe \ud800 😀';
const suite = {
  ...SAMPLE_BOOT,
  name: found,
  checks: SAMPLE_BOOT.checks.map((check) => ({ ...check, found })),
};

describe('a reader of XML that is not ours', () => {
  const rows = [
    {
      name: 'junit.xml',
      text: renderJunit({ ...SAMPLE_REPORT, suites: [suite] }),
      because: 'Jenkins is strict',
    },
    { name: 'boot.svg', text: renderBootTimeline([suite]), because: 'browsers show no SVG with a fault' },
  ];
  (hasXmllint ? test : test.skip).each(rows)('takes $name: $because', ({ text }) => {
    expect(() => execFileSync('xmllint', ['--noout', '-'], { input: text })).not.toThrow();
  });
});
