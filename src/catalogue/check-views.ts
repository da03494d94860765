import { sha256Of } from '../values/digest.ts';
import { channelsOf, renderChannelDocument } from './channel-document.ts';
import type { LineState } from './channel-rules.ts';
import type { Finding } from './finding.ts';
import { foldJournal } from './fold-journal.ts';
import { latestOf, renderLineIndex } from './line-index.ts';
import {
  CATALOGUE_DOCUMENT,
  channelPath,
  channelsDirectory,
  journalPath,
  latestLink,
  latestTarget,
  lineIndexPath,
} from './paths.ts';

/** What was read of everything that is made from a line's journal. */
export interface LineViews {
  /** Text of `index.json`. */
  readonly index: string | undefined;
  /** Channel → text of its document. */
  readonly channels: ReadonlyMap<string, string>;
  /** Where `latest/<line>` points. */
  readonly latest: string | undefined;
  /** What `catalogue.json` says the digest of the index is. */
  readonly indexSha256: string | undefined;
}

/** A file that does not show what the journal says, and can be made again from it. */
export interface StaleView {
  /** Relative to the catalogue. */
  readonly path: string;
  /** What it is like, to follow the path. */
  readonly fault: string;
}

/** How the views of a line compare with its journal. */
export interface ViewCheck {
  readonly stale: readonly StaleView[];
  /** The journal itself was changed by somebody else: nothing may be made from it. */
  readonly findings: readonly Finding[];
}

/** A killed change adds few entries, and the next one completes it. */
const LOOK_BACK = 64;

/**
 * Compares everything that is made from a journal with it. What shows an earlier state was left so by a kill. Where the
 * journal and an index contradict each other, `catalogue.json` decides: an index with the recorded digest was not
 * touched, so the journal was.
 */
export function checkViews(state: LineState, views: LineViews): ViewCheck {
  const { line } = state.journal;
  const tampered = checkAgainstIndex(state, views);
  if (tampered.length > 0) return { stale: [], findings: tampered };
  return {
    stale: [
      ...checkIndex(state, views),
      ...checkCatalogueDigest(state, views),
      ...checkChannels(state, views),
      ...checkLatest(state, views),
    ],
    findings: unknownChannels(state, views).map((channel) => ({
      path: `${channelsDirectory(line)}/${channel}.json`,
      fault: `no move of this channel is in ${journalPath(line)}`,
    })),
  };
}

function checkAgainstIndex(state: LineState, { index, indexSha256 }: LineViews): Finding[] {
  const { line } = state.journal;
  if (index === undefined || indexSha256 === undefined || sha256Of(index) !== indexSha256) return [];
  if (renderLineIndex(state.index) === index || isEarlier(state, index)) return [];
  const fault = `was changed by hand: it is not what ${lineIndexPath(line)} was made from`;
  const expected = `an index of SHA-256 ${indexSha256}`;
  const found = `one of ${sha256Of(renderLineIndex(state.index))}`;
  return [{ path: journalPath(line), fault, expected, found }];
}

function checkIndex({ journal, index }: LineState, views: LineViews): StaleView[] {
  if (views.index === renderLineIndex(index)) return [];
  const path = lineIndexPath(journal.line);
  if (views.index === undefined) return [{ path, fault: 'was not there' }];
  if (isEarlier({ journal, index }, views.index)) return [{ path, fault: 'did not show the last change' }];
  return [{ path, fault: 'was not what the journal says' }];
}

function checkCatalogueDigest({ index }: LineState, { indexSha256 }: LineViews): StaleView[] {
  if (indexSha256 === sha256Of(renderLineIndex(index))) return [];
  const fault = indexSha256 === undefined ? 'did not name' : 'had another digest of';
  return [{ path: CATALOGUE_DOCUMENT, fault: `${fault} ${lineIndexPath(index.line)}` }];
}

function checkChannels({ journal }: LineState, { channels }: LineViews): StaleView[] {
  return [...channelsOf(journal)].flatMap(([channel, document]) => {
    const found = channels.get(channel);
    if (found === renderChannelDocument(document)) return [];
    const fault = found === undefined ? 'was not there' : 'was not what the journal says';
    return [{ path: channelPath(journal.line, channel), fault }];
  });
}

function unknownChannels({ journal }: LineState, { channels }: LineViews): string[] {
  const known = channelsOf(journal);
  return [...channels.keys()].filter((channel) => !known.has(channel));
}

function checkLatest({ index }: LineState, { latest }: LineViews): StaleView[] {
  const long = latestOf(index);
  const expected = long === undefined ? undefined : latestTarget(index.line, long);
  if (latest === expected) return [];
  const fault = latest === undefined ? 'was not there' : `pointed to ${latest}`;
  return [{ path: latestLink(index.line), fault }];
}

/** Whether an index is that of the same journal some entries ago. */
function isEarlier({ journal }: LineState, index: string): boolean {
  const { entries } = journal;
  for (let back = 1; back <= Math.min(LOOK_BACK, entries.length - 1); back += 1) {
    const earlier = foldJournal({ ...journal, entries: entries.slice(0, -back) });
    if (renderLineIndex(earlier) === index) return true;
  }
  return false;
}
