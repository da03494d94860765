import type { SuiteResult } from '../manifests/test-report.ts';
import { element, renderXml, withXmlCharacters, type XmlElement } from '../values/xml.ts';
import { bootPhases, PHASE_KINDS, PHASE_WORDS, type BootPhase } from './boot-phases.ts';
import { planTimeAxis, type TimeAxis } from './time-axis.ts';

/** Places, in pixels. */
const WIDTH = 960;
const LEFT = 276;
const RIGHT = 806;
const TOP = 84;
const ROW = 58;
const BAR = 26;
/** Narrowest piece of a bar that its duration fits into. */
const LABEL_ROOM = 40;
/** Characters of a name that fit beside the bars. */
const NAME_LENGTH = 26;
const FILE_LENGTH = 36;

/**
 * Colours in both schemes. White text on each of the pieces has a contrast of 4.5 or more (WCAG 2.2, 1.4.3); pieces are told
 * apart by their order and their tool tips, too.
 */
const STYLE = `
text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 13px; fill: #1f2933 }
.paper { fill: #ffffff; stroke: #d9dee5 }
.title { font-size: 17px; font-weight: 600 }
.name { font-weight: 600 }
.dim { font-size: 11px; fill: #66727f }
.in { font-size: 11.5px; fill: #ffffff }
.bad { font-weight: 600; fill: #c02626 }
.grid { stroke: #e4e8ee }
.mark { stroke: #1f2933; stroke-width: 2 }
.dot { fill: #1f2933 }
.firmware { fill: #66727f }
.kernel { fill: #2f5fb3 }
.userspace { fill: #0f7f6b }
.login { fill: #a8580f }
.unknown { fill: #776e63 }
@media (prefers-color-scheme: dark) {
text { fill: #e3e8ee }
.paper { fill: #14191f; stroke: #2b333d }
.dim { fill: #94a1ae }
.in { fill: #ffffff }
.bad { fill: #ff7b72 }
.grid { stroke: #29313a }
.mark { stroke: #f3f6f9 }
.dot { fill: #f3f6f9 }
}
`;

/**
 * An SVG with a bar for each artifact that was booted, from power-on to the first login: firmware and boot loader,
 * kernel, userspace until the ready marker, login. It needs no script and no font of its own, and follows the light or
 * dark scheme of whatever shows it. Suites without a boot are left out.
 */
export function renderBootTimeline(suites: readonly SuiteResult[]): string {
  const bars = suites.flatMap((suite) => (suite.boot ? [{ suite, phases: bootPhases(suite.boot) }] : []));
  const axis = planTimeAxis(Math.max(0, ...bars.map(({ phases }) => phases.at(-1)?.endMs ?? 0)));
  const bottom = TOP + Math.max(1, bars.length) * ROW;
  const height = bottom + 44;
  const used = bars.flatMap(({ phases }) => phases.map(({ kind }) => kind));
  return renderXml(
    element(
      'svg',
      [
        element('title', 'Boot timeline'),
        element('desc', bars.map(({ suite }) => describe(suite)).join('; ') || 'nothing was booted'),
        element('style', STYLE),
        rect({ x: 0.5, y: 0.5, width: WIDTH - 1, height: height - 1 }, 'paper', { rx: 8 }),
        text('Boot timeline', { x: 24, y: 34 }, 'title'),
        ...legend(used),
        ...axisElements(axis, bottom),
        ...(bars.length === 0 ? [text('nothing was booted', { x: LEFT, y: TOP + 34 }, 'dim')] : []),
        ...bars.map(({ suite, phases }, index) => row({ suite, phases, axis, top: TOP + index * ROW })),
      ],
      {
        xmlns: 'http://www.w3.org/2000/svg',
        width: WIDTH,
        height,
        viewBox: `0 0 ${WIDTH} ${height}`,
        role: 'img',
      },
    ),
  );
}

/** The colours and their meanings, in the order of a boot; that of an unknown phase only where there is one. */
function legend(used: readonly BootPhase['kind'][]): XmlElement[] {
  let x = LEFT;
  const entries = PHASE_KINDS.filter((kind) => kind !== 'unknown' || used.includes(kind)).flatMap((kind) => {
    const swatch = rect({ x, y: 24, width: 12, height: 12 }, kind, { rx: 2 });
    const words = text(PHASE_WORDS[kind], { x: x + 18, y: 34.5 });
    x += 18 + PHASE_WORDS[kind].length * 6.7 + 22;
    return [swatch, words];
  });
  const ready = text('ready', { x: x + 12, y: 34.5 });
  return [...entries, ...readyMark(x + 3, { top: 24, bottom: 36 }), ready];
}

function axisElements({ ticksMs, endMs }: TimeAxis, bottom: number): XmlElement[] {
  return ticksMs.flatMap((tickMs) => {
    const x = round(LEFT + ((RIGHT - LEFT) * tickMs) / endMs);
    const words = tickMs === 0 ? '0 s' : secondsText(tickMs);
    return [
      line({ x1: x, y1: TOP - 14, x2: x, y2: bottom + 2 }, 'grid'),
      text(words, { x, y: bottom + 20 }, 'dim', { 'text-anchor': 'middle' }),
    ];
  });
}

interface Row {
  readonly suite: SuiteResult;
  readonly phases: readonly BootPhase[];
  readonly axis: TimeAxis;
  readonly top: number;
}

function row({ suite, phases, axis, top }: Row): XmlElement {
  const at = (timeMs: number): number => round(LEFT + ((RIGHT - LEFT) * timeMs) / axis.endMs);
  const barTop = top + (ROW - BAR) / 2 - 8;
  const readyMs = phases.findLast(({ kind }) => kind !== 'login')?.endMs;
  const isReady = suite.boot?.readyMs !== undefined;
  const endX = at(phases.at(-1)?.endMs ?? 0);
  return element('g', [
    element('title', describe(suite)),
    text(shorten(suite.name, NAME_LENGTH), { x: 24, y: barTop + 12 }, 'name'),
    suite.file === undefined
      ? undefined
      : text(shortenStart(suite.file, FILE_LENGTH), { x: 24, y: barTop + 27 }, 'dim'),
    ...phases.flatMap((phase) => phaseElements(phase, at, barTop)),
    ...(isReady && readyMs !== undefined
      ? readyMark(at(readyMs), { top: barTop - 5, bottom: barTop + BAR + 5 })
      : []),
    text(
      isReady ? `ready in ${secondsText(suite.boot?.readyMs ?? 0)}` : 'not ready',
      { x: endX + 12, y: barTop + 18 },
      isReady ? 'name' : 'bad',
    ),
  ]);
}

function phaseElements(
  { kind, words, startMs, endMs }: BootPhase,
  at: (timeMs: number) => number,
  top: number,
): XmlElement[] {
  const [x, end] = [at(startMs), at(endMs)];
  const width = round(end - x);
  const duration = secondsText(endMs - startMs);
  const bar = element('rect', [element('title', `${words}: ${duration}`)], {
    x,
    y: top,
    width,
    height: BAR,
    class: kind,
  });
  if (width < LABEL_ROOM) return [bar];
  return [
    bar,
    text(duration, { x: round(x + width / 2), y: top + 17 }, 'in', {
      'text-anchor': 'middle',
      'pointer-events': 'none',
    }),
  ];
}

/** A line across the bar with a head, where the ready marker was there. */
function readyMark(
  x: number,
  { top, bottom }: { readonly top: number; readonly bottom: number },
): XmlElement[] {
  return [
    line({ x1: x, y1: top, x2: x, y2: bottom }, 'mark'),
    element('circle', [], { cx: x, cy: top, r: 3.5, class: 'dot' }),
  ];
}

/** A bar in words: `kvm qcow2: firmware and boot loader 3.2 s, kernel 9.2 s, ready in 31.0 s`. */
function describe({ name, boot = {} }: SuiteResult): string {
  const phases = bootPhases(boot).map(
    ({ words, startMs, endMs }) => `${words} ${secondsText(endMs - startMs)}`,
  );
  const end = boot.readyMs === undefined ? 'not ready' : `ready in ${secondsText(boot.readyMs)}`;
  return withXmlCharacters(`${name}: ${[...phases, end].join(', ')}`);
}

type Numbers = Readonly<Record<string, number>>;

function text(
  content: string,
  place: Numbers,
  style?: string,
  attributes: XmlElement['attributes'] = {},
): XmlElement {
  return element('text', withXmlCharacters(content), {
    ...place,
    ...(style ? { class: style } : {}),
    ...attributes,
  });
}

function rect(place: Numbers, style: string, attributes: Numbers = {}): XmlElement {
  return element('rect', [], { ...place, ...attributes, class: style });
}

function line(place: Numbers, style: string): XmlElement {
  return element('line', [], { ...place, class: style });
}

function shorten(name: string, length: number): string {
  const characters = Array.from(name);
  return characters.length <= length ? name : `${characters.slice(0, length - 1).join('')}…`;
}

/** File names of a release differ at their ends. */
function shortenStart(name: string, length: number): string {
  const characters = Array.from(name);
  return characters.length <= length ? name : `…${characters.slice(1 - length).join('')}`;
}

function secondsText(durationMs: number): string {
  return `${round(durationMs / 1000)} s`;
}

/** To a tenth: finer than a pixel is, and than a boot is measured. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}
