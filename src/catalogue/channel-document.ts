import { defineDocument } from '../manifests/define-document.ts';
import { INSTANT, LINE_NAME, LONG, SHA256, TEXT, listOf, members } from '../manifests/schema-parts.ts';
import { compareRecords } from '../versions/compare-versions.ts';
import { CANDIDATE, CHANNEL } from './channel-name.ts';
import type { JournalEntry, LineJournal, MoveEntry } from './journal.ts';
import { recordOf } from './line-index.ts';

/** Content of `lines/<line>/channels/<channel>.json`: where a channel points, and every place it ever pointed to. */
export interface ChannelDocument {
  readonly schema: 1;
  readonly line: string;
  readonly channel: string;
  /** LONG; absent when everything that it pointed to was revoked. */
  readonly head?: string;
  /** Oldest first; only grows. */
  readonly history: readonly ChannelMove[];
}

/** A step of a channel's head. */
export interface ChannelMove {
  readonly at: string;
  readonly by: string;
  /** `file`: a build was filed, which moves `candidate`. */
  readonly action: 'file' | 'promote' | 'rollback';
  readonly from?: string;
  readonly to?: string;
  readonly reason?: string;
  readonly evidence?: { readonly file: string; readonly sha256: string };
}

const CHANNEL_DOCUMENT = defineDocument<ChannelDocument>({
  schema: members(
    {
      schema: { const: 1 },
      line: LINE_NAME,
      channel: CHANNEL,
      history: listOf(
        members(
          { at: INSTANT, by: TEXT, action: { enum: ['file', 'promote', 'rollback'] } },
          { from: LONG, to: LONG, reason: TEXT, evidence: members({ file: TEXT, sha256: SHA256 }) },
        ),
      ),
    },
    { head: LONG },
  ),
  code: 'E_CHANNEL_INVALID',
  hint: 'mintmark verify makes it again from journal.json',
});

/** Reads a channel's document. @throws Failure `E_CHANNEL_INVALID` with every fault */
export const parseChannelDocument = CHANNEL_DOCUMENT.parse;

/** Text of a channel's document. */
export function renderChannelDocument(document: ChannelDocument): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Every channel that a line ever had, by name, with its history. */
export function channelsOf(journal: LineJournal): Map<string, ChannelDocument> {
  const channels = new Map<string, ChannelDocument>();
  for (const entry of journal.entries) {
    const move = moveOf(entry, channels.get(CANDIDATE)?.head);
    if (move === undefined) continue;
    const { channel, ...step } = move;
    const history = [...(channels.get(channel)?.history ?? []), step];
    const head = step.to === undefined ? {} : { head: step.to };
    channels.set(channel, { schema: 1, line: journal.line, channel, ...head, history });
  }
  return channels;
}

function moveOf(
  entry: JournalEntry,
  candidate: string | undefined,
): (ChannelMove & { channel: string }) | undefined {
  if (entry.action === 'promote' || entry.action === 'rollback') return plainMove(entry);
  if (entry.action !== 'file') return undefined;
  const { long } = entry.release;
  if (candidate !== undefined && compareRecords(recordOf({ long: candidate }), recordOf({ long })) >= 0) {
    return undefined;
  }
  const from = candidate === undefined ? {} : { from: candidate };
  return { at: entry.at, by: entry.by, action: 'file', channel: CANDIDATE, ...from, to: long };
}

function plainMove({
  at,
  by,
  action,
  channel,
  from,
  to,
  reason,
  evidence,
}: MoveEntry): ChannelMove & { channel: string } {
  return {
    at,
    by,
    action,
    channel,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(reason === undefined ? {} : { reason }),
    ...(evidence === undefined ? {} : { evidence }),
  };
}
