import { DEFAULT_WIDTH, MAX_WIDTH, type TextLayout } from './text-layout.ts';
import { createTextStyle, wantsColor } from './text-style.ts';

/** Width and colours for a stream: the terminal's own, or plain text of {@link DEFAULT_WIDTH} columns. */
export function layoutOf(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  noColorOption: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): TextLayout {
  const isTerminal = stream.isTTY === true;
  // Terminals that do not know their size say 0.
  const columns = isTerminal && stream.columns ? stream.columns : DEFAULT_WIDTH;
  return {
    width: Math.min(columns, MAX_WIDTH),
    style: createTextStyle(wantsColor(isTerminal, noColorOption, environment)),
  };
}
