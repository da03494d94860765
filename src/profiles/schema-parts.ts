/** A JSON Schema as plain data. */
export type SchemaNode = Readonly<Record<string, unknown>>;

/** A mapping with exactly these keys. */
export function mapping(
  description: string,
  properties: Readonly<Record<string, SchemaNode>>,
  required: readonly string[] = [],
): SchemaNode {
  return {
    description,
    type: 'object',
    properties,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

/** Text that matches a pattern; `expects` completes "must be …" when it does not. */
export function textLike(pattern: string, expects: string, description: string): SchemaNode {
  return { description, type: 'string', pattern, 'x-expects': expects };
}

/** Any text at all. */
export function anyText(description: string): SchemaNode {
  return { description, type: 'string' };
}

/** One of some words. */
export function choice(description: string, ...values: readonly string[]): SchemaNode {
  return { description, enum: values };
}

/** A whole number within bounds, both included. */
export function wholeNumber(minimum: number, maximum: number, description: string): SchemaNode {
  return { description, type: 'integer', minimum, maximum };
}

/** `true` or `false`. */
export function flag(description: string): SchemaNode {
  return { description, type: 'boolean' };
}

/** A list that takes the place of the inherited one. */
export function listOf(description: string, items: SchemaNode, limits: SchemaNode = {}): SchemaNode {
  return { description, type: 'array', items, ...limits };
}

/** A list that adds to the inherited one, or `{ replace: […] }`. */
export function addingList(description: string, items: SchemaNode): SchemaNode {
  const list = { type: 'array', items };
  return {
    description: `${description} Adds to what is inherited; {replace: […]} drops that.`,
    anyOf: [
      list,
      { type: 'object', properties: { replace: list }, required: ['replace'], additionalProperties: false },
    ],
  };
}

/** Name of a profile or line: no slash, no `..`, nothing that a file system or an OCI repository refuses. */
export const NAME_PATTERN = '^(?!.*\\.\\.)[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$';

/** What {@link NAME_PATTERN} accepts, in words. */
export const NAME_EXPECTS = 'a name of lower-case letters, digits, dots and dashes, at most 63 characters';

/** A line or profile name. */
export function nameText(description: string): SchemaNode {
  return textLike(NAME_PATTERN, NAME_EXPECTS, description);
}

/** An absolute path in the guest, in its shortest form. */
export function guestPath(description: string): SchemaNode {
  return textLike(
    '^(?!.*//)(?!.*/\\.{1,2}(?:/|$))/[^\\u0000-\\u001f\\u007f]*[^/\\u0000-\\u001f\\u007f]$',
    'an absolute path in the guest without "..", "//" and control characters',
    description,
  );
}

/** A path on the build host. */
export function hostPath(description: string): SchemaNode {
  return textLike('^[^\\u0000-\\u001f\\u007f]+$', 'a file path without control characters', description);
}

/** Name of an environment variable (POSIX "Name"). */
export function variableName(description: string): SchemaNode {
  return textLike(
    '^[A-Za-z_][A-Za-z0-9_]*$',
    'a variable name of letters, digits and underscores',
    description,
  );
}

/** A package source's address; credentials in it would reach logs and manifests. */
export function packageUri(description: string): SchemaNode {
  return textLike(
    '^(?:https?://|file:/|copy:/)(?![^/]*@)[^\\s\\[\\]"\\u0000-\\u001f]+$',
    'an http, https or file URI without user name and spaces',
    description,
  );
}

/** A word of an apt source: suite or component. */
export function archiveWord(description: string): SchemaNode {
  return textLike('^[A-Za-z0-9][A-Za-z0-9._/-]*$', 'a word such as main or bookworm-updates', description);
}

/** A Debian package name, with an architecture when needed (Debian policy §5.6.1). */
export const PACKAGE_NAME = textLike(
  '^[a-z0-9][a-z0-9+.-]+(?::[a-z0-9-]+)?$',
  'a Debian package name, such as openssh-server',
  'Package name, or name:architecture.',
);
