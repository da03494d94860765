import { defineDocument } from './define-document.ts';
import { COUNT, FILE_NAME, INSTANT, LINE_NAME, LONG, SHA256, TEXT, listOf, members } from './schema-parts.ts';

/** Content of `withdrawn.json`: a release stood here; what of it was removed, when, by whom and why. */
export interface Withdrawal {
  readonly schema: 1;
  readonly line: string;
  /** LONG. */
  readonly version: string;
  readonly at: string;
  /** As `user@host`. */
  readonly by: string;
  readonly reason: string;
  /** What is gone; a copy that turns up elsewhere can still be told by its digest. */
  readonly files: readonly WithdrawnFile[];
}

/** A file that a release had. */
export interface WithdrawnFile {
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Name of the tombstone in a release's directory. */
export const WITHDRAWAL_FILE = 'withdrawn.json';

const WITHDRAWAL_DOCUMENT = defineDocument<Withdrawal>({
  schema: members({
    schema: { const: 1 },
    line: LINE_NAME,
    version: LONG,
    at: INSTANT,
    by: TEXT,
    reason: TEXT,
    files: listOf(members({ file: FILE_NAME, sizeBytes: COUNT, sha256: SHA256 })),
  }),
  code: 'E_WITHDRAWAL_INVALID',
});

/** Reads `withdrawn.json`. @throws Failure `E_WITHDRAWAL_INVALID` with every fault */
export function parseWithdrawal(text: string, subject = WITHDRAWAL_FILE): Withdrawal {
  return WITHDRAWAL_DOCUMENT.parse(text, subject);
}

/** Text of `withdrawn.json`. */
export function renderWithdrawal(withdrawal: Withdrawal): string {
  return `${JSON.stringify(withdrawal, null, 2)}\n`;
}
