/**
 * Reads an os-release file; see os-release(5). Lines that are no assignment are ignored, as every reader of that
 * file does; of a name given twice the last counts.
 */
export function parseOsRelease(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.*?)\s*$/.exec(line);
    if (match?.[1] !== undefined) values[match[1]] = unquote(match[2] ?? '');
  }
  return values;
}

/** Shell quoting as far as os-release(5) allows it: single, double with backslashes, or none. */
function unquote(text: string): string {
  if (/^'[^']*'$/.test(text)) return text.slice(1, -1);
  const inner = /^"(.*)"$/.exec(text)?.[1] ?? text;
  return inner.replace(/\\(.)/g, '$1');
}
