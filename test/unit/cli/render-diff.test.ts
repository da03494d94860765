import { describe, expect, test } from '@jest/globals';
import { renderDiff } from '../../../src/cli/render-diff.ts';
import { visibleLength } from '../../../src/cli/text-layout.ts';
import { createTextStyle, PLAIN_STYLE } from '../../../src/cli/text-style.ts';
import { sampleDiff } from '../catalogue/sample-releases.ts';

const layout = { width: 80, style: PLAIN_STYLE };

const long = (letter: string): string => `/${letter.repeat(300)}`;

describe('renderDiff', () => {
  test('shows every aspect', () => {
    expect(renderDiff(sampleDiff(), layout).trimEnd().split('\n')).toEqual([
      'server 26.11.20-1.56 → 26.11.21-1.57',
      '2 upgraded (openssl: CVE-2026-1234), 1 downgraded, 1 added, 1 removed, 11 B',
      '  smaller',
      '',
      'packages          2 upgraded, 1 downgraded, 1 added, 1 removed',
      '  ↑ openssl (2 packages)  3.5.1-1 → 3.5.2-1  security  CVE-2026-1234',
      '  ↓ tar                   2.0 → 1.0          changelog unknown',
      '  + curl                  8.0                100 KiB',
      '  - telnet                0.17               100 KiB',
      '',
      'system            no difference',
      'configuration     1 changed',
      '  ? not known whether these changed: /etc/shadow',
      '  ~ /etc/hosts',
      '',
      '    /etc/hosts',
      '    @@ -1,1 +1,2 @@',
      '     127.0.0.1 localhost',
      '    +::1 `localhost`',
      '',
      'services          1 removed',
      '  - ssh.service  enabled, running',
      '',
      'listening ports   1 added, 1 removed',
      '  + tcp/80  ::',
      '  - tcp/22  0.0.0.0  sshd',
      '',
      'kernel arguments  1 removed',
      '  - quiet',
      '',
      'files             2 changed, 1 removed',
      '  ~ /etc/hosts       content 10 B → 1 B',
      '  ~ /usr/bin/passwd  mode 0644 → 4755',
      '  - /usr/bin/telnet  2 B',
      '',
      'sizes             13 B → 2 B (-11 B)',
      '  ~ /etc      10 B → 1 B  -9 B',
      '  ~ /usr      3 B → 1 B   -2 B',
      '  ~ /usr/bin  3 B → 1 B   -2 B',
      '',
      'artifacts         sizes are equal',
      '  ~ kvm qcow2  4 B  =',
    ]);
  });

  test('says the same in colours', () => {
    const coloured = renderDiff(sampleDiff(), { width: 80, style: createTextStyle(true) });
    expect(coloured.replaceAll(/\x1b\[\d+m/g, '')).toBe(renderDiff(sampleDiff(), layout));
  });

  test.each([
    { width: 80, because: 'a usual terminal' },
    { width: 120, because: 'a wide one' },
    { width: 64, because: 'a narrow one' },
  ])('no line is longer than $width columns: $because', ({ width }) => {
    const notes = [`a note ${'with words '.repeat(30)}`];
    const { packages, files } = sampleDiff();
    if (!packages.known || !files.known) throw new Error('the sample knows both');
    const upgraded = packages.upgraded.map((update) => ({ ...update, name: long('p'), source: long('p') }));
    const changed = files.changed.map((change) => ({ ...change, path: long('f') }));
    const diff = sampleDiff({
      notes,
      packages: { ...packages, upgraded },
      files: { ...files, changed },
      sizes: { known: false, reason: 'for many reasons, '.repeat(20) },
    });
    const lines = renderDiff(diff, { width, style: PLAIN_STYLE }).split('\n');
    expect(lines.filter((line) => visibleLength(line) > width)).toEqual([]);
  });

  test('what does not fit beside a package stands below it', () => {
    const { packages } = sampleDiff();
    if (!packages.known) throw new Error('the sample has packages');
    const cves = Array.from({ length: 9 }, (_, index) => `CVE-2026-${1000 + index}`);
    const upgraded = packages.upgraded.map((update) => ({
      ...update,
      changelog: { security: true, cves, entries: [] },
    }));
    const text = renderDiff(sampleDiff({ packages: { ...packages, upgraded } }), layout);
    expect(text).toContain(
      '  ↑ openssl (2 packages)  3.5.1-1 → 3.5.2-1\n      security  9 CVEs: CVE-2026-1008, CVE-2026-1007, CVE-2026-1006, CVE-2026-1…\n',
    );
  });

  test('long lists are cut, and say how much is left', () => {
    const words = Array.from({ length: 30 }, (_, index) => `word${index}`);
    const kernelArguments = { known: true, from: [], to: words, added: words, removed: [] } as const;
    const diff = ['---', '+++', ...words.flatMap((word) => [`-${word}`, `+${word}`])].join('\n');
    const files = Array.from({ length: 9 }, (_, index) => ({
      path: `/etc/${index}`,
      change: 'changed' as const,
      diff,
    }));
    const configuration = { known: true, files, untold: [] } as const;
    const lines = renderDiff(sampleDiff({ kernelArguments, configuration }), layout).split('\n');
    expect(lines).toContain('    and 10 more; --format json has all');
    expect(lines).toContain('    and 36 more lines; --format json has all');
    expect(lines).toContain('    and 1 more of these; --format json has all');
  });

  test('nothing from an image moves the cursor', () => {
    const kernelArguments = {
      known: true,
      from: [],
      to: [],
      added: ['\x1b[2Jx\x07\r'],
      removed: [],
    } as const;
    expect(renderDiff(sampleDiff({ kernelArguments }), layout)).toContain('  + x\n');
  });
});
