/** Turns HCL text into JSON as the parser gives it. Rejects for text that is no HCL. */
export type ParseHcl = (fileName: string, text: string) => Promise<unknown>;

/**
 * The parser itself, loaded on first use: it costs about half a second, and 130 MiB that the process never gives
 * back. Whoever goes on for long lets it run elsewhere.
 */
export const parseHcl: ParseHcl = async (fileName, text) => {
  const { parse } = await import('@cdktf/hcl2json');
  return parse(fileName, text);
};
