import { MAX_BUILD, MAX_REV } from '../versions/version.ts';
import { FILE_NAME_PATTERN, FILE_NAME_WORDS, LINE_NAME_PATTERN, LINE_NAME_WORDS } from './safe-names.ts';

/** Schema of a lower-case hexadecimal SHA-256. */
export const SHA256 = hexDigits(64, 'a SHA-256 in lower-case hexadecimal digits');

/** Schema of an instant in UTC, as JavaScript prints it. */
export const INSTANT = {
  type: 'string',
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,3})?Z$',
  'x-expects': 'an instant in UTC such as 2026-11-21T07:31:00Z',
} as const;

/** Schema of a day. */
export const DAY = {
  type: 'string',
  pattern: '^\\d{4}-\\d{2}-\\d{2}$',
  'x-expects': 'a day such as 2026-11-21',
} as const;

/** Schema of a line's name. */
export const LINE_NAME = {
  type: 'string',
  pattern: LINE_NAME_PATTERN,
  'x-expects': LINE_NAME_WORDS,
} as const;

/** Schema of a file's name. */
export const FILE_NAME = {
  type: 'string',
  pattern: FILE_NAME_PATTERN,
  'x-expects': FILE_NAME_WORDS,
} as const;

/** Schema of REV. */
export const REV = { type: 'integer', minimum: 1, maximum: MAX_REV } as const;
/** Schema of BUILD. */
export const BUILD = { type: 'integer', minimum: 1, maximum: MAX_BUILD } as const;
/** Schema of a LONG; whether it is a real one, its reader says. */
export const LONG = {
  type: 'string',
  pattern: '^\\d{2,3}\\.\\d{1,2}\\.\\d{1,2}-\\d{1,4}\\.\\d{1,9}$',
  'x-expects': 'a full version such as 26.11.21-2.57',
} as const;
/** Schema of a text with something in it. */
export const TEXT = { type: 'string', minLength: 1 } as const;
/** Schema of a number of bytes, or of anything else that is counted. */
export const COUNT = { type: 'integer', minimum: 0 } as const;
/** Schema of the states of a release. */
export const RELEASE_STATE = { enum: ['active', 'deprecated', 'revoked', 'withdrawn'] } as const;

/** Schema of what the tests of a release came to. */
export const RELEASE_TESTS = { enum: ['passed', 'failed', 'skipped'] } as const;

/** Schema of a mapping with these members; those in `optional` may be absent, others are refused. */
export function members(
  required: Readonly<Record<string, object>>,
  optional: Readonly<Record<string, object>> = {},
): object {
  return {
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  };
}

/** Schema of a list. */
export function listOf(items: object): object {
  return { type: 'array', items };
}

/** Schema of a mapping from names to values of one kind. */
export function mapOf(values: object): object {
  return { type: 'object', additionalProperties: values };
}

/** Schema of a digest in lower-case hexadecimal digits. */
export function hexDigits(count: number, words: string): object {
  return { type: 'string', pattern: `^[0-9a-f]{${count}}$`, 'x-expects': words };
}
