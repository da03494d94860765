/** Names of lines, as a regular expression for schemas: one path segment, host-name letters, no leading dot. */
export const LINE_NAME_PATTERN = '^[a-z0-9][a-z0-9.-]{0,62}$';

/**
 * Names of files inside a release: one visible path segment of letters that no shell, URL or
 * checksum list needs to escape.
 */
export const FILE_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._+-]{0,199}$';

// JavaScript's `$` matches only at the very end without the m flag, so a trailing newline is refused.
const LINE_NAME = new RegExp(LINE_NAME_PATTERN);
const FILE_NAME = new RegExp(FILE_NAME_PATTERN);

/** What a line name must look like, in words that complete "must be". */
export const LINE_NAME_WORDS =
  'a line name: at most 63 lower-case letters, digits, dots and dashes, beginning with a letter or digit';

/** What a file name must look like, in words that complete "must be". */
export const FILE_NAME_WORDS =
  'a plain file name: at most 200 letters, digits, dots, dashes, underscores and plus signs, beginning with a letter or digit';

/** Whether a text can be the name of a line, and so of a directory and a link. */
export function isLineName(text: string): boolean {
  return LINE_NAME.test(text);
}

/** Whether a text can be the name of a file in a release. */
export function isFileName(text: string): boolean {
  return FILE_NAME.test(text);
}
