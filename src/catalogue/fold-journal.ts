import type { ReleaseState } from '../manifests/release.ts';
import { compareRecords } from '../versions/compare-versions.ts';
import { renderInter, renderShort } from '../versions/version.ts';
import { CANDIDATE } from './channel-name.ts';
import type { FiledFacts, JournalEntry, LineJournal } from './journal.ts';
import {
  isUsable,
  recordOf,
  releaseExists,
  type IndexedRelease,
  type LineIndex,
  type Pin,
  type Verdict,
} from './line-index.ts';

/** A line while its journal is gone through. */
interface Growing {
  readonly line: string;
  readonly releases: Map<string, Omit<IndexedRelease, 'state'>>;
  readonly channels: Map<string, string>;
}

/**
 * What a line has after everything in its journal. Every state of a line is a fold of its journal, so what a kill left
 * undone after the journal was written can be done at any later time.
 * @throws Failure `E_RELEASE_EXISTS` when two releases were filed under one version
 */
export function foldJournal(journal: LineJournal): LineIndex {
  const growing: Growing = { line: journal.line, releases: new Map(), channels: new Map() };
  for (const entry of journal.entries) takeEntry(growing, entry);
  const releases = [...growing.releases.values()]
    .map((release): IndexedRelease => ({ ...release, state: stateOf(release) }))
    .map((release) => ({ release, record: recordOf(release) }))
    .toSorted((a, b) => compareRecords(a.record, b.record));
  return {
    schema: 1,
    line: journal.line,
    updated: journal.entries.at(-1)?.at ?? new Date(0).toISOString(),
    counters: { build: Math.max(0, ...releases.map(({ record }) => record.build)) },
    releases: releases.map(({ release }) => release),
    aliases: aliasesOf(releases.map(({ release }) => release)),
    channels: Object.fromEntries([...growing.channels].toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** Something about a release that was never filed changes nothing: `verify` tells. */
function takeEntry(growing: Growing, entry: JournalEntry): void {
  switch (entry.action) {
    case 'file':
      takeFiled(growing, entry.release);
      return;
    case 'promote':
    case 'rollback':
      if (entry.to === undefined) growing.channels.delete(entry.channel);
      else growing.channels.set(entry.channel, entry.to);
      return;
    default: {
      const release = growing.releases.get(entry.long);
      if (release !== undefined) growing.releases.set(entry.long, changed(release, entry));
    }
  }
}

function takeFiled({ line, releases, channels }: Growing, release: FiledFacts): void {
  const present = releases.get(release.long);
  if (present !== undefined && present.manifestSha256 !== release.manifestSha256) {
    throw releaseExists(line, release.long);
  }
  if (present !== undefined) return;
  releases.set(release.long, release);
  const head = channels.get(CANDIDATE);
  if (head === undefined || compareRecords(recordOf({ long: head }), recordOf(release)) < 0) {
    channels.set(CANDIDATE, release.long);
  }
}

function changed(
  release: Omit<IndexedRelease, 'state'>,
  entry: Exclude<JournalEntry, { action: 'file' | 'promote' | 'rollback' }>,
): Omit<IndexedRelease, 'state'> {
  switch (entry.action) {
    case 'revoke': {
      const { replacement, inheritedFrom } = entry;
      const revoked = {
        ...verdictOf(entry, entry.reason),
        ...(replacement === undefined ? {} : { replacement }),
        ...(inheritedFrom === undefined ? {} : { inheritedFrom }),
      };
      return { ...release, revoked: release.revoked ?? revoked };
    }
    case 'withdraw':
      return { ...release, withdrawn: verdictOf(entry, entry.reason) };
    case 'pin': {
      const until = entry.until === undefined ? {} : { until: entry.until };
      const pin: Pin = { ...verdictOf(entry, entry.reason), ...until };
      return { ...release, pins: [...(release.pins ?? []), pin] };
    }
    default: {
      const { pins: _pins, ...rest } = release;
      return rest;
    }
  }
}

function verdictOf({ at, by }: JournalEntry, reason: string): Verdict {
  return { at, by, reason };
}

function stateOf(release: Omit<IndexedRelease, 'state'>): ReleaseState {
  if (release.withdrawn !== undefined) return 'withdrawn';
  return release.revoked === undefined ? 'active' : 'revoked';
}

/** Releases come in ascending order, so that the newest of each alias is the one that stays. */
function aliasesOf(releases: readonly IndexedRelease[]): Record<string, string> {
  const aliases: Record<string, string> = {};
  for (const release of releases.filter(isUsable)) {
    const record = recordOf(release);
    aliases[renderShort(record.date)] = release.long;
    aliases[renderInter(record)] = release.long;
  }
  return aliases;
}
