import type { JournalEntry } from '../catalogue/journal.ts';
import type { IndexedRelease } from '../catalogue/line-index.ts';
import { UNKNOWN, type ReleaseArtifact, type ReleaseManifest } from '../manifests/release.ts';
import { renderByteSize } from '../values/byte-size.ts';
import { shortDigest } from '../values/digest.ts';
import { renderDuration } from '../values/duration.ts';
import type { ShownRelease } from '../workflows/show-release.ts';
import { renderInstant } from './render-instant.ts';
import { alignRight, withoutControlCharacters, wrapWords, type TextLayout } from './text-layout.ts';

/** Columns of the labels. */
const LABEL_WIDTH = 9;
const INDENT = '    ';

/** All that is known of a release, for people: what it is, its files with their digests, and what happened to it. */
export function renderRelease(shown: ShownRelease, layout: TextLayout): string {
  const { style } = layout;
  const { line, long, floating, manifest, history } = shown;
  const title = `${style.bold(`${line} ${long}`)}  ${renderState(shown.release, layout)}`;
  return [
    ...(floating === undefined ? [] : [`${floating} → ${long}`, '']),
    title,
    '',
    ...renderFacts(factsOf(shown), layout),
    ...(manifest === undefined || shown.release.withdrawn !== undefined
      ? []
      : ['', style.bold('artifacts'), ...manifest.artifacts.flatMap((each) => renderArtifact(each, layout))]),
    ...(history.length === 0
      ? []
      : ['', style.bold('history'), ...history.flatMap((entry) => renderEntry(entry, long, layout))]),
  ].join('\n');
}

function renderState({ state }: IndexedRelease, { style }: TextLayout): string {
  return state === 'active' ? style.green(state) : style.red(state);
}

type Fact = readonly [label: string, text: string | undefined];

function factsOf(shown: ShownRelease): Fact[] {
  const { release, channels, aliases, manifest, packages } = shown;
  return [
    ...verdictsOf(release),
    ['channels', channels.join(', ') || 'none'],
    ['aliases', aliases.join(', ') || undefined],
    ['created', `${renderInstant(release.created)} UTC, serial ${release.serial}`],
    ...(manifest === undefined ? [] : manifestFacts(manifest)),
    ['size', sizeOf(shown)],
    [
      'packages',
      packages === undefined || release.packagesDigest === undefined
        ? undefined
        : `${packages}, digest ${shortDigest(release.packagesDigest)}`,
    ],
    ['content', release.contentDigest],
    ['reissue', release.reissueOf === undefined ? undefined : `the bytes of ${release.reissueOf}`],
  ];
}

function verdictsOf({ revoked, withdrawn, pins = [] }: IndexedRelease): Fact[] {
  return [
    ...(withdrawn === undefined
      ? []
      : [['gone', `since ${renderInstant(withdrawn.at)} by ${withdrawn.by}: ${withdrawn.reason}`] as const]),
    ...(revoked === undefined
      ? []
      : [
          ['revoked', `${renderInstant(revoked.at)} by ${revoked.by}: ${revoked.reason}`] as const,
          ['instead', revoked.replacement] as const,
          ['inherited', revoked.inheritedFrom] as const,
        ]),
    ...pins.map(({ at, by, reason, until }): Fact => {
      const end = until === undefined ? '' : ` until ${until}`;
      return ['pinned', `${renderInstant(at)}${end} by ${by}: ${reason}`];
    }),
  ];
}

function manifestFacts({ os, base, recipe, tests, arch }: ReleaseManifest): Fact[] {
  const line = os.releaseLine === undefined ? '' : `, release line ${os.releaseLine}`;
  const parent = base.parent === undefined ? '' : `, from ${base.parent}`;
  return [
    [
      'system',
      os.id === UNKNOWN ? `unknown, ${arch}` : `${os.id} ${os.version} ${arch}, kernel ${os.kernel}${line}`,
    ],
    ['tests', renderTests(tests)],
    ['recipe', `profile ${recipe.profile}, digest ${shortDigest(recipe.digest)}`],
    ['base', `${base.method}, digest ${shortDigest(base.digest)}${parent}`],
  ];
}

function renderTests(tests: ReleaseManifest['tests']): string {
  if (tests === undefined) return 'unknown';
  const { result, contract, channel, bootMs } = tests;
  const how = [contract, channel === undefined ? undefined : `${channel} channel`].filter(Boolean).join(', ');
  const ready = bootMs === undefined ? '' : `, ready in ${renderDuration(bootMs)}`;
  return `${result}${how === '' ? '' : ` (${how})`}${ready}`;
}

function sizeOf({ release, manifest }: ShownRelease): string | undefined {
  if (release.sizeBytes === undefined) return undefined;
  const count = manifest?.artifacts.length;
  const artifacts = count === undefined ? '' : count === 1 ? ', 1 artifact' : `, ${count} artifacts`;
  return `${renderByteSize(release.sizeBytes)}${artifacts}`;
}

function renderArtifact(
  { file, sizeBytes, sha256 }: ReleaseArtifact,
  { width, style }: TextLayout,
): string[] {
  return [
    alignRight(`  ${clean(file)}`, renderByteSize(sizeBytes), width),
    style.dim(`${INDENT}sha256 ${sha256}`),
  ];
}

/** When, what, by whom; the reason goes below. */
function renderEntry(entry: JournalEntry, long: string, layout: TextLayout): string[] {
  const { width, style } = layout;
  const reason = 'reason' in entry ? entry.reason : undefined;
  const left = `  ${renderInstant(entry.at)}  ${describeEntry(entry, long)}`;
  const below = reason === undefined ? [] : wrapWords(clean(reason), width - 20);
  return [
    alignRight(left, style.dim(clean(entry.by)), width),
    ...below.map((line) => `${' '.repeat(20)}${line}`),
  ];
}

function describeEntry(entry: JournalEntry, long: string): string {
  switch (entry.action) {
    case 'file':
      return 'filed';
    case 'promote':
    case 'rollback':
      return describeMove(entry, long);
    case 'revoke':
      return entry.long === long ? 'revoked' : `replaces ${entry.long}, which was revoked`;
    case 'pin':
      return entry.until === undefined ? 'pinned' : `pinned until ${entry.until}`;
    case 'unpin':
      return 'pins removed';
    default:
      return 'withdrawn: its files are gone';
  }
}

/** Seen from the release: a channel came to it, or went on to another. */
function describeMove(
  {
    action,
    channel,
    from,
    to,
  }: { readonly action: string; readonly channel: string; readonly from?: string; readonly to?: string },
  long: string,
): string {
  const before = from === undefined ? '' : ` from ${from}`;
  if (to === undefined) return `${channel} left empty`;
  if (action === 'promote') {
    return to === long ? `promoted to ${channel}${before}` : `${channel} went on to ${to}`;
  }
  return to === long ? `${channel} rolled back to it${before}` : `${channel} rolled back to ${to}`;
}

function renderFacts(facts: readonly Fact[], { style, width }: TextLayout): string[] {
  return facts.flatMap(([label, text]) => {
    if (text === undefined) return [];
    return wrapWords(clean(text), width - LABEL_WIDTH - 4).map((line, place) => {
      const name = (place === 0 ? label : '').padEnd(LABEL_WIDTH);
      return `  ${style.bold(name)}  ${line}`;
    });
  });
}

function clean(text: string): string {
  return withoutControlCharacters(text.replaceAll('\n', ' '));
}
