import { describe, expect, test } from '@jest/globals';
import { parseXml, type XmlElement } from '../../../src/inspection/xml-document.ts';
import { renderBootTimeline } from '../../../src/reports/boot-timeline.ts';
import { SAMPLE_BOOT, SAMPLE_HYGIENE } from './sample-report.ts';

const BARS = ['firmware', 'kernel', 'userspace', 'login', 'unknown'];

function elementsOf(root: XmlElement): XmlElement[] {
  return [root, ...root.children.flatMap(elementsOf)];
}

function textsOf(svg: string): string[] {
  return elementsOf(parseXml(svg)).flatMap(({ name, text }) => (name === 'text' ? [text] : []));
}

/** Class, left and right of every piece of a bar. */
function piecesOf(svg: string): { kind: string; left: number; right: number }[] {
  const groups = parseXml(svg).children.filter(({ name }) => name === 'g');
  return groups.flatMap(elementsOf).flatMap(({ name, attributes }) => {
    const kind = attributes.get('class') ?? '';
    const left = Number(attributes.get('x'));
    return name === 'rect' && BARS.includes(kind)
      ? [{ kind, left, right: left + Number(attributes.get('width')) }]
      : [];
  });
}

describe('the timeline of a boot', () => {
  const svg = renderBootTimeline([SAMPLE_HYGIENE, SAMPLE_BOOT]);

  test('names what was booted, when it was ready and how long each phase took', () => {
    const texts = textsOf(svg);
    expect(texts).toEqual(
      expect.arrayContaining(['kvm qcow2', 'ready in 31 s', '3.2 s', '9.2 s', '18.6 s', '0 s', '30 s']),
    );
    expect(texts).not.toContain('hygiene');
    expect(texts).not.toContain('not told apart');
  });

  test('says the same to those who do not see it', () => {
    const [, description] = parseXml(svg).children;
    expect(description?.text).toBe(
      'kvm qcow2: firmware and boot loader 3.2 s, kernel 9.2 s, userspace 18.6 s, login 2.5 s, ready in 31 s',
    );
  });

  test('draws the phases without gaps, as long as they took', () => {
    const pieces = piecesOf(svg);
    expect(pieces.map(({ kind }) => kind)).toEqual(['firmware', 'kernel', 'userspace', 'login']);
    for (const [index, { left }] of pieces.slice(1).entries())
      expect(left).toBeCloseTo(pieces[index]?.right ?? 0, 1);
    const length = (index: number): number => (pieces[index]?.right ?? 0) - (pieces[index]?.left ?? 0);
    expect(length(2) / length(1)).toBeCloseTo(18.6 / 9.2, 1);
  });

  test('runs nothing, fetches nothing, and has colours for a dark page', () => {
    expect(svg).not.toMatch(/<script|href|url\(|@import|on\w+=/);
    expect(svg).toContain('@media (prefers-color-scheme: dark)');
  });
});

test('a boot that was never ready says so', () => {
  const { boot: _boot, ...suite } = SAMPLE_BOOT;
  const texts = textsOf(renderBootTimeline([{ ...suite, boot: { userspaceMs: 12_000 } }]));
  expect(texts).toEqual(expect.arrayContaining(['not ready', 'not told apart', '12 s']));
});

test.each([
  { suites: [], because: 'there was no suite' },
  { suites: [SAMPLE_HYGIENE], because: 'no suite booted anything' },
])('an empty timeline is a picture, too: $because', ({ suites }) => {
  expect(textsOf(renderBootTimeline(suites))).toContain('nothing was booted');
});

test('long names are cut, each where it says least', () => {
  const name = 'cosmic-systemvm on a hypervisor with a long name';
  const texts = textsOf(renderBootTimeline([{ ...SAMPLE_BOOT, name, file: `${'a'.repeat(60)}-kvm.qcow2` }]));
  expect(texts).toContain('cosmic-systemvm on a hype…');
  expect(texts).toContainEqual(expect.stringMatching(/^…a+-kvm\.qcow2$/));
});
