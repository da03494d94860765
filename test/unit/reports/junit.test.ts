import { expect, test } from '@jest/globals';
import { parseXml } from '../../../src/inspection/xml-document.ts';
import { renderJunit } from '../../../src/reports/junit.ts';
import { junitFaults } from './junit-faults.ts';
import { SAMPLE_BOOT, SAMPLE_REPORT } from './sample-report.ts';

test('a report as Jenkins reads it', () => {
  expect(renderJunit(SAMPLE_REPORT)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="server_26.11.21-1.57_x86_64" tests="4" failures="1" errors="0" time="43.350">
  <testsuite name="hygiene" tests="1" failures="0" errors="0" skipped="0" time="2.100" timestamp="2026-11-21T07:31:00">
    <properties>
      <property name="subject" value="server_26.11.21-1.57_x86_64"/>
      <property name="accelerator" value="tcg"/>
      <property name="qemu" value="7.2.22"/>
    </properties>
    <testcase name="host-keys" classname="mintmark.server.hygiene"/>
  </testsuite>
  <testsuite name="kvm qcow2" tests="3" failures="1" errors="0" skipped="1" time="41.250" timestamp="2026-11-21T07:31:00">
    <properties>
      <property name="subject" value="server_26.11.21-1.57_x86_64"/>
      <property name="file" value="server_26.11.21-1.57_x86_64-kvm.qcow2"/>
      <property name="sha256" value="${'a'.repeat(64)}"/>
      <property name="target" value="kvm"/>
      <property name="format" value="qcow2"/>
      <property name="contract" value="cloud-init"/>
      <property name="channel" value="seed-disk"/>
      <property name="channel-kind" value="real"/>
      <property name="accelerator" value="tcg"/>
      <property name="qemu" value="7.2.22"/>
      <property name="boot-ready-seconds" value="31.000"/>
    </properties>
    <testcase name="boot" classname="mintmark.server.kvm-qcow2" time="31.000"/>
    <testcase name="release-line" classname="mintmark.server.kvm-qcow2" time="0.012">
      <failure message="the release line is the recorded one: found Release 26.11.20" type="release-line">the release line is the recorded one
expected  Release 26.11.21
found     Release 26.11.20
/etc/mintmark-release
&lt;built &amp; stamped&gt;</failure>
    </testcase>
    <testcase name="dns" classname="mintmark.server.kvm-qcow2">
      <skipped message="the profile names no server"/>
    </testcase>
    <system-out>evidence:
serial.log
screen.png</system-out>
  </testsuite>
</testsuites>
`);
});

test('it keeps to the schema of Jenkins', () => {
  expect(junitFaults(parseXml(renderJunit(SAMPLE_REPORT)))).toEqual([]);
  expect(junitFaults(parseXml(renderJunit({ ...SAMPLE_REPORT, suites: [] })))).toEqual([]);
});

test.each([
  { subject: 'server_26.11.21-1.57_x86_64', line: 'server', because: 'it is the name of a release' },
  { subject: 'cosmic-systemvm 26.11.21-1.57', line: 'cosmic-systemvm', because: 'so people write it' },
  { subject: 'edge@26.11.21-1.57', line: 'edge', because: 'so the command line writes it' },
  { subject: 'disk.qcow2', line: 'disk-qcow2', because: 'a dot would make a package' },
  { subject: 'a b/ä', line: 'a-b-ä', because: 'Jenkins makes addresses of it' },
  { subject: '', line: '-', because: 'an empty part would make two dots' },
])('"$subject" is of the line $line: $because', ({ subject, line }) => {
  expect(renderJunit({ ...SAMPLE_REPORT, subject })).toContain(`classname="mintmark.${line}.kvm-qcow2"`);
});

test('what a guest wrote cannot break the document', () => {
  const found = '\x1b[31m"]]></failure>&\0';
  const checks = [{ name: 'port', title: 'port 22 answers', outcome: 'failed', found } as const];
  const report = { ...SAMPLE_REPORT, suites: [{ ...SAMPLE_BOOT, checks }] };
  const failure = parseXml(renderJunit(report)).children[0]?.children.at(1)?.children[0];
  expect(failure?.text).toBe('port 22 answers\nfound     ␛[31m"]]></failure>&␀');
  expect(failure?.attributes.get('message')).toBe('port 22 answers: found ␛[31m"]]></failure>&␀');
});
