/** What a text must hold; or why that cannot be read. */
export type TextPattern =
  { readonly matches: (text: string) => boolean; readonly fault?: undefined } | { readonly fault: string };

/**
 * Reads what a person wants a text to hold: `/…/` is a regular expression, in which `^` and `$` stand for the
 * beginning and end of lines; all else is text that must be somewhere in it, as it stands.
 */
export function parseTextPattern(wanted: string): TextPattern {
  const source = /^\/(.+)\/$/s.exec(wanted)?.[1];
  if (source === undefined) return { matches: (text) => text.includes(wanted) };
  try {
    const pattern = new RegExp(source, 'mu');
    return { matches: (text) => pattern.test(text) };
  } catch {
    return { fault: `must be a regular expression between its slashes; found ${JSON.stringify(wanted)}` };
  }
}
