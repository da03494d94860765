import type { Fault } from '../errors/fault.ts';
import { defineDocument } from '../manifests/define-document.ts';
import {
  COUNT,
  DAY,
  INSTANT,
  LINE_NAME,
  LONG,
  RELEASE_TESTS,
  SHA256,
  TEXT,
  listOf,
  members,
} from '../manifests/schema-parts.ts';
import type { MachineArchitecture } from '../values/architecture.ts';
import { readVersion } from '../versions/parse-version.ts';
import { identityOf } from '../versions/version.ts';
import { CHANNEL } from './channel-name.ts';

/**
 * Content of `lines/<line>/journal.json`: everything that ever happened to the releases of a line, in its order. It only
 * grows, and it is what a change commits by; index, channels, `catalogue.json` and `latest` are views made from it.
 */
export interface LineJournal {
  readonly schema: 1;
  readonly line: string;
  readonly entries: readonly JournalEntry[];
}

/** What is known of a release when it is filed, and never changes: enough to find it without its manifest. */
export interface FiledFacts {
  readonly long: string;
  readonly serial: string;
  readonly created: string;
  readonly recipeDigest: string;
  readonly baseDigest: string;
  /** Absent for what came from elsewhere and could not be read. */
  readonly packagesDigest?: string;
  readonly contentDigest?: string;
  /** SHA-256 of its `release.json`. */
  readonly manifestSha256: string;
  readonly arch?: MachineArchitecture;
  /** All its artifacts together. */
  readonly sizeBytes?: number;
  /** What the test of its build came to; absent for what no build of ours made. */
  readonly tests?: 'passed' | 'failed' | 'skipped';
  /** The release that served as its base, as `LINE@LONG`. */
  readonly parent?: string;
  /** LONG of the release of this line whose bytes it has under a new version. */
  readonly reissueOf?: string;
}

interface Entry<Action extends string> {
  /** When. */
  readonly at: string;
  /** Who: a person or a job, as `user@host`. */
  readonly by: string;
  readonly action: Action;
}

/** A release was filed; it becomes the head of `candidate` unless a newer one is. */
export interface FileEntry extends Entry<'file'> {
  readonly release: FiledFacts;
}

/** A channel's head moved on (`promote`) or back (`rollback`). Without `to` the channel has no head any more. */
export interface MoveEntry extends Entry<'promote' | 'rollback'> {
  readonly channel: string;
  readonly from?: string;
  readonly to?: string;
  readonly reason?: string;
  /** The record that the move rests on. */
  readonly evidence?: { readonly file: string; readonly sha256: string };
}

/** A release must not be used any more. */
export interface RevokeEntry extends Entry<'revoke'> {
  readonly long: string;
  readonly reason: string;
  /** LONG of what to use instead. */
  readonly replacement?: string;
  /** Releases made from it, as `LINE@LONG`, which are revoked for this reason, too. */
  readonly descendants?: readonly string[];
  /** The release it was made from, as `LINE@LONG`, when it is that one's fault. */
  readonly inheritedFrom?: string;
}

/** A release is kept whatever the rules of retention say; `until` is the last day of that. */
export interface PinEntry extends Entry<'pin'> {
  readonly long: string;
  readonly reason: string;
  readonly until?: string;
}

/** The pins of a release are gone. */
export interface UnpinEntry extends Entry<'unpin'> {
  readonly long: string;
  readonly reason?: string;
}

/** A release's files were removed; its manifest stays. */
export interface WithdrawEntry extends Entry<'withdraw'> {
  readonly long: string;
  readonly reason: string;
}

/** Something that happened to a line. */
export type JournalEntry = FileEntry | MoveEntry | RevokeEntry | PinEntry | UnpinEntry | WithdrawEntry;

/** Schema of a release of some line: `LINE@LONG`. */
export const RELEASE_NAME = {
  type: 'string',
  pattern: '^[^@]+@[^@]+$',
  'x-expects': 'a release such as server@26.11.21-2.57',
} as const;

/** Schema of {@link FiledFacts}, apart: the index has the same members. */
export const FILED_FACTS = {
  required: {
    long: LONG,
    serial: TEXT,
    created: INSTANT,
    recipeDigest: SHA256,
    baseDigest: SHA256,
    manifestSha256: SHA256,
  },
  optional: {
    packagesDigest: SHA256,
    contentDigest: SHA256,
    arch: { enum: ['x86_64', 'aarch64'] },
    sizeBytes: COUNT,
    tests: RELEASE_TESTS,
    parent: RELEASE_NAME,
    reissueOf: LONG,
  },
} as const;

const ENTRY_SCHEMAS: Readonly<Record<JournalEntry['action'], object>> = {
  file: entry('file', { release: members(FILED_FACTS.required, FILED_FACTS.optional) }),
  promote: move('promote'),
  rollback: move('rollback'),
  revoke: entry(
    'revoke',
    { long: LONG, reason: TEXT },
    { replacement: LONG, descendants: listOf(RELEASE_NAME), inheritedFrom: RELEASE_NAME },
  ),
  pin: entry('pin', { long: LONG, reason: TEXT }, { until: DAY }),
  unpin: entry('unpin', { long: LONG }, { reason: TEXT }),
  withdraw: entry('withdraw', { long: LONG, reason: TEXT }),
};

const JOURNAL_DOCUMENT = defineDocument<LineJournal>({
  schema: members({
    schema: { const: 1 },
    line: LINE_NAME,
    entries: listOf({
      type: 'object',
      required: ['action'],
      properties: { action: { enum: Object.keys(ENTRY_SCHEMAS) } },
      // One after the other, so that a fault is told for the action that the entry names.
      allOf: Object.entries(ENTRY_SCHEMAS).map(([action, schema]) => ({
        if: { properties: { action: { const: action } } },
        // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema; nobody awaits a schema
        then: schema,
      })),
    }),
  }),
  code: 'E_JOURNAL_INVALID',
  hint: 'restore it from a copy: everything else that the line says is made from it',
  check: (journal) => journal.entries.flatMap(checkEntry),
});

/** Reads a line's journal. @throws Failure `E_JOURNAL_INVALID` with every fault */
export function parseJournal(text: string, subject: string): LineJournal {
  return JOURNAL_DOCUMENT.parse(text, subject);
}

/** Text of a line's journal: one line per entry, so that people see at a glance what was added. */
export function renderJournal({ schema, line, entries }: LineJournal): string {
  const lines = entries.map((each) => `    ${JSON.stringify(each)}`).join(',\n');
  const list = entries.length === 0 ? '[]' : `[\n${lines}\n  ]`;
  return `{\n  "schema": ${schema},\n  "line": ${JSON.stringify(line)},\n  "entries": ${list}\n}\n`;
}

/** The journal of a line to which nothing has happened. */
export function emptyJournal(line: string): LineJournal {
  return { schema: 1, line, entries: [] };
}

/** The journal with more at its end. */
export function appendEntries(journal: LineJournal, entries: readonly JournalEntry[]): LineJournal {
  return { ...journal, entries: [...journal.entries, ...entries] };
}

function entry(
  action: string,
  required: Record<string, object>,
  optional: Record<string, object> = {},
): object {
  return members({ at: INSTANT, by: TEXT, action: { const: action }, ...required }, optional);
}

function move(action: string): object {
  return entry(
    action,
    { channel: CHANNEL },
    { from: LONG, to: LONG, reason: TEXT, evidence: members({ file: TEXT, sha256: SHA256 }) },
  );
}

/** Every version in a journal must be one that its reader can order. */
function checkEntry(item: JournalEntry, place: number): Fault[] {
  const versions: readonly (readonly [string, string | undefined])[] =
    item.action === 'file'
      ? [['.release.long', item.release.long]]
      : 'channel' in item
        ? [
            ['.from', item.from],
            ['.to', item.to],
          ]
        : [['.long', item.long]];
  return versions.flatMap(([path, long]) => {
    if (long === undefined || isIdentity(long)) return [];
    return [{ path: `.entries[${place}]${path}`, message: `must be a full version; found "${long}"` }];
  });
}

function isIdentity(long: string): boolean {
  const reading = readVersion(long, 'date');
  return 'version' in reading && identityOf(reading.version) !== undefined;
}
