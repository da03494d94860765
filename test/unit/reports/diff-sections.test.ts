import { describe, expect, test } from '@jest/globals';
import type { ReleaseDiff } from '../../../src/catalogue/release-diff.ts';
import { planDiffSections } from '../../../src/reports/diff-sections.ts';
import { sampleDiff } from '../catalogue/sample-releases.ts';

/** Lines of one section of a difference. */
function section(title: string, changes: Partial<ReleaseDiff> = {}): string[] {
  const found = planDiffSections(sampleDiff(changes)).find((each) => each.title === title);
  if (!found) throw new Error(`there is no section ${title}`);
  const remarks = found.remarks.map((remark) => `? ${remark}`);
  const rows = found.rows.map(({ sign, cells }) => `${sign} ${cells.join(' | ')}`.trimEnd());
  return [found.headline, ...remarks, ...rows];
}

describe('planDiffSections', () => {
  test.each([
    {
      title: 'packages',
      lines: [
        '2 upgraded, 1 downgraded, 1 added, 1 removed',
        '↑ openssl (2 packages) | 3.5.1-1 → 3.5.2-1 | security  CVE-2026-1234',
        '↓ tar | 2.0 → 1.0 | changelog unknown',
        '+ curl | 8.0 | 100 KiB',
        '- telnet | 0.17 | 100 KiB',
      ],
      because: 'what fixes something comes first',
    },
    { title: 'system', lines: ['no difference'], because: 'the manifests say the same' },
    {
      title: 'configuration',
      lines: ['1 changed', '? not known whether these changed: /etc/shadow', '~ /etc/hosts'],
      because: 'no list of files has the shadow',
    },
    { title: 'services', lines: ['1 removed', '- ssh.service | enabled, running'], because: 'one went' },
    {
      title: 'listening ports',
      lines: ['1 added, 1 removed', '+ tcp/80 | ::', '- tcp/22 | 0.0.0.0 | sshd'],
      because: 'not each has a process',
    },
    { title: 'kernel arguments', lines: ['1 removed', '- quiet'], because: 'one word went' },
    {
      title: 'files',
      lines: [
        '2 changed, 1 removed',
        '~ /etc/hosts | content 10 B → 1 B',
        '~ /usr/bin/passwd | mode 0644 → 4755',
        '- /usr/bin/telnet | 2 B',
      ],
      because: 'each says what of it is another',
    },
    {
      title: 'sizes',
      lines: [
        '13 B → 2 B (-11 B)',
        '~ /etc | 10 B → 1 B | -9 B',
        '~ /usr | 3 B → 1 B | -2 B',
        '~ /usr/bin | 3 B → 1 B | -2 B',
      ],
      because: 'the largest difference is first',
    },
    { title: 'artifacts', lines: ['sizes are equal', '~ kvm qcow2 | 4 B | ='], because: 'all are told' },
  ])('$title: $because', ({ title, lines }) => {
    expect(section(title)).toEqual(lines);
  });

  test.each(['packages', 'files', 'sizes', 'services', 'configuration', 'system', 'artifacts'])(
    '%s are said to be unknown, with the reason, and not to be equal',
    (title) => {
      expect(section(title, { [title]: { known: false, reason: 'server 1 has no such file' } })).toEqual([
        'unknown',
        '? server 1 has no such file',
      ]);
    },
  );

  test('what is known in part says what is not', () => {
    const reason = 'server 1 was not booted';
    const services = {
      known: true,
      added: [],
      removed: [],
      changed: [],
      running: { known: false, reason },
    } as const;
    expect(section('services', { services })).toEqual(['no difference', `? what ran: ${reason}`]);
  });

  test('kernel arguments in another order are a difference', () => {
    const kernelArguments = {
      known: true,
      from: ['a', 'b'],
      to: ['b', 'a'],
      added: [],
      removed: [],
    } as const;
    expect(section('kernel arguments', { kernelArguments })).toEqual(['1 changed', '~ other order: b a']);
  });

  test('many CVEs are counted, the newest named', () => {
    const { packages } = sampleDiff();
    if (!packages.known) throw new Error('the sample has packages');
    const cves = Array.from({ length: 30 }, (_, index) => `CVE-2026-${1000 + index}`);
    const upgraded = packages.upgraded.slice(0, 1).map((update) => ({
      ...update,
      changelog: { security: true, cves, entries: [] },
    }));
    const [, row = ''] = section('packages', { packages: { ...packages, upgraded } });
    expect(row).toContain('security  30 CVEs: CVE-2026-1029, CVE-2026-1028');
    expect(row).toContain('CVE-2026-1010 and 10 more');
  });

  test('too many files can be told by directory', () => {
    const files = planDiffSections(sampleDiff()).find(({ title }) => title === 'files');
    expect(files?.overview?.map(({ sign, cells }) => `${sign} ${cells.join(' | ')}`)).toEqual([
      '~ /usr/bin | 1 changed, 1 removed',
      '~ /etc/hosts | 1 changed',
    ]);
  });
});
