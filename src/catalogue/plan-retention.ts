import { calendarDateOf, parseIsoDate, compareCalendarDates } from '../values/calendar-date.ts';
import { compareRecords } from '../versions/compare-versions.ts';
import { channelsOf } from './channel-document.ts';
import { isGoldenMaster } from './channel-name.ts';
import type { LineState } from './channel-rules.ts';
import { findRelease, isUsable, latestOf, recordOf, type IndexedRelease, type Pin } from './line-index.ts';
import { headsOf } from './plan-rollback.ts';

/** How much of a line stays when it is pruned. Heads, pins, golden masters and what others need stay in any case. */
export interface RetentionRules {
  /** How many releases stay that were on a channel before its head, of each channel. */
  readonly previous: number;
  /** Releases that are younger stay; counted back from the line's newest release, or from now if that is earlier. */
  readonly newerThanDays: number;
  /** The newest release stays of each of this many months: the last ones that have any. */
  readonly monthly: number;
}

/** The rules unless a person gives others. */
export const RETENTION: RetentionRules = { previous: 3, newerThanDays: 30, monthly: 12 };

/** What is asked of the rules. */
export interface RetentionRequest {
  readonly rules: RetentionRules;
  /** The present instant. */
  readonly now: Date;
  /** Names of the lines to prune; all unless given. The others keep everything, and what that was made from. */
  readonly only?: ReadonlySet<string>;
}

/** What becomes of the releases of a line. */
export interface LineRetention {
  readonly line: string;
  /** Oldest first; every one with all that keeps it. */
  readonly keep: readonly RetainedRelease[];
  /** Oldest first. */
  readonly withdraw: readonly ExpiredRelease[];
}

/** A release that stays. */
export interface RetainedRelease {
  readonly long: string;
  /** For people: `head of stable`, `newest of 2026-10`; never empty. */
  readonly reasons: readonly string[];
}

/** A release that nothing keeps. */
export interface ExpiredRelease {
  readonly long: string;
  /** Why it goes: what its tombstone says. */
  readonly reason: string;
}

/** Every reason by LONG; only releases that are still there are in it. */
type Reasons = Map<string, string[]>;

/**
 * Which releases of a catalogue stay, and why, and which go. All lines must be given: a release stays as long as anything
 * that stays in any line was made from it. Carried out twice it comes to the same as once.
 *
 * Neither a clock that is wrong nor a line that sleeps makes everything old: age is counted back from the newest release,
 * months are counted by those that have releases, and a usable release always stays. Only pins go by the clock alone, as a
 * person named their last day.
 */
export function planRetention(states: readonly LineState[], request: RetentionRequest): LineRetention[] {
  const { only } = request;
  const kept = new Map(
    states.map((state) => {
      const isAsked = only === undefined || only.has(state.index.line);
      return [state.index.line, isAsked ? ownReasons(state, request) : everything(state)];
    }),
  );
  keepOrigins(states, kept);
  return states
    .filter(({ index }) => only === undefined || only.has(index.line))
    .map((state) => decide(state, kept.get(state.index.line) ?? new Map(), request.rules));
}

function decide({ index }: LineState, reasons: Reasons, rules: RetentionRules): LineRetention {
  const present = index.releases.filter(isPresent);
  const expired = present.filter(({ long }) => !reasons.has(long));
  return {
    line: index.line,
    keep: present.flatMap(({ long }) => {
      const why = reasons.get(long);
      return why === undefined ? [] : [{ long, reasons: why }];
    }),
    withdraw: expired.map((release) => ({ long: release.long, reason: reasonOf(release, rules) })),
  };
}

function reasonOf({ revoked }: IndexedRelease, rules: RetentionRules): string {
  if (revoked !== undefined) return `revoked at ${revoked.at}: ${revoked.reason}`;
  const { previous, newerThanDays, monthly } = rules;
  return `retention: older than ${newerThanDays} days, beyond ${previous} before each head and ${monthly} monthly ones`;
}

/** What keeps the releases of a line, whatever else there is in the catalogue. */
function ownReasons(state: LineState, { rules, now }: RetentionRequest): Reasons {
  const { journal, index } = state;
  const reasons: Reasons = new Map();
  const keep = (long: string | undefined, reason: string): void => addReason(state, reasons, long, reason);
  for (const channel of channelsOf(journal).keys()) {
    keep(index.channels[channel], `head of ${channel}`);
    for (const long of previousOf(state, channel, rules.previous)) keep(long, `previous of ${channel}`);
    if (!isGoldenMaster(channel)) continue;
    for (const release of usable(state, headsOf(journal, channel)))
      keep(release.long, `golden master: ${channel}`);
  }
  keep(latestOf(index), 'latest');
  for (const { long } of newerThan(state, rules.newerThanDays, now))
    keep(long, `newer than ${rules.newerThanDays} days`);
  for (const [month, long] of newestOfMonths(state, rules.monthly)) keep(long, `newest of ${month}`);
  for (const { long, pins, revoked } of index.releases) {
    for (const pin of (pins ?? []).filter((each) => isInForce(each, now))) keep(long, describePin(pin));
    keep(revoked?.replacement, `replaces ${long}`);
  }
  return reasons;
}

function everything({ index }: LineState): Reasons {
  return new Map(index.releases.filter(isPresent).map(({ long }) => [long, ['not asked about']]));
}

/** Whatever stays, stays with what it was made from, over all lines. */
function keepOrigins(states: readonly LineState[], kept: ReadonlyMap<string, Reasons>): void {
  const byLine = new Map(states.map((state) => [state.index.line, state]));
  const open = [...kept].flatMap(([line, reasons]) => [...reasons.keys()].map((long) => ({ line, long })));
  // What is added while it is gone through has its turn, too.
  for (const { line, long } of open) {
    for (const origin of originsOf(byLine.get(line), long)) {
      const [state, reasons] = [byLine.get(origin.line), kept.get(origin.line)];
      const release = state && findRelease(state.index, origin.long);
      if (state === undefined || reasons === undefined || release === undefined || !isUsable(release))
        continue;
      if (!reasons.has(origin.long)) open.push(origin);
      addReason(state, reasons, origin.long, origin.reason);
    }
  }
}

interface Origin {
  readonly line: string;
  readonly long: string;
  readonly reason: string;
}

function originsOf(state: LineState | undefined, long: string): Origin[] {
  const release = state && findRelease(state.index, long);
  if (state === undefined || release === undefined) return [];
  const { line } = state.index;
  const { parent, reissueOf } = release;
  const [parentLine = '', parentLong = ''] = parent?.split('@') ?? [];
  return [
    ...(parent === undefined
      ? []
      : [{ line: parentLine, long: parentLong, reason: `parent of ${line}@${long}` }]),
    ...(reissueOf === undefined ? [] : [{ line, long: reissueOf, reason: `reissued as ${long}` }]),
  ];
}

function addReason({ index }: LineState, reasons: Reasons, long: string | undefined, reason: string): void {
  const release = long === undefined ? undefined : findRelease(index, long);
  if (release === undefined || !isPresent(release)) return;
  const before = reasons.get(release.long) ?? [];
  if (!before.includes(reason)) reasons.set(release.long, [...before, reason]);
}

/** Where a channel can go back to, as `rollback` sees it: what was on it and is older than its head. */
function previousOf(state: LineState, channel: string, count: number): string[] {
  const head = state.index.channels[channel];
  const before = usable(state, new Set(headsOf(state.journal, channel)))
    .filter(
      (release) => head === undefined || compareRecords(recordOf(release), recordOf({ long: head })) < 0,
    )
    .toSorted((a, b) => compareRecords(recordOf(b), recordOf(a)));
  return before.slice(0, count).map(({ long }) => long);
}

function newerThan({ index }: LineState, days: number, now: Date): IndexedRelease[] {
  const newest = Math.max(...index.releases.map(({ created }) => Date.parse(created)));
  const since = Math.min(now.getTime(), newest) - days * DAY_MS;
  return index.releases.filter(isUsable).filter(({ created }) => Date.parse(created) > since);
}

const DAY_MS = 24 * 60 * 60_000;

/** The newest usable release of each of the last months that have any, by the day of its version. */
function newestOfMonths({ index }: LineState, count: number): [string, string][] {
  const newest = new Map<string, string>();
  // Ascending, so that the newest of each month is the one that stays.
  for (const release of index.releases.filter(isUsable)) {
    const { year, month } = recordOf(release).date;
    newest.set(`${year}-${String(month).padStart(2, '0')}`, release.long);
  }
  return [...newest].toReversed().slice(0, count);
}

function isInForce({ until }: Pin, now: Date): boolean {
  const last = until === undefined ? undefined : parseIsoDate(until);
  return last === undefined || compareCalendarDates(calendarDateOf(now), last) <= 0;
}

function describePin({ by, reason, until }: Pin): string {
  return `pinned by ${by}${until === undefined ? '' : ` until ${until}`}: ${reason}`;
}

function usable({ index }: LineState, longs: Iterable<string>): IndexedRelease[] {
  return [...longs]
    .map((long) => findRelease(index, long))
    .filter((release) => release !== undefined)
    .filter(isUsable);
}

function isPresent({ withdrawn }: IndexedRelease): boolean {
  return withdrawn === undefined;
}
