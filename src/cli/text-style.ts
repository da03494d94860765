/** Colours of the command line; each function returns its text unchanged when colours are off. */
export interface TextStyle {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
}

/** SGR parameters (ECMA-48, section 8.3.117): begin and end. */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
} as const;

/** The colours, or their absence. */
export function createTextStyle(enabled: boolean): TextStyle {
  const paint =
    (name: keyof typeof CODES) =>
    (text: string): string =>
      enabled && text !== '' ? `\x1b[${CODES[name][0]}m${text}\x1b[${CODES[name][1]}m` : text;
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    green: paint('green'),
    yellow: paint('yellow'),
  };
}

/** No colours at all. */
export const PLAIN_STYLE: TextStyle = createTextStyle(false);

/**
 * Whether a stream gets colours: a terminal that is not `dumb`, unless switched off by option or by
 * a non-empty NO_COLOR (no-color.org).
 */
export function wantsColor(
  isTerminal: boolean,
  noColorOption: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if (!isTerminal || noColorOption || environment['TERM'] === 'dumb') return false;
  return (environment['NO_COLOR'] ?? '') === '';
}
