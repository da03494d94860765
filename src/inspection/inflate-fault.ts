/**
 * What is wrong with compressed data, as zlib's error tells: it would become larger than `limit`, or is damaged.
 * @param error what zlib threw; its code decides, not its class, which is another one in every context of Node
 */
export function inflateFault(error: unknown, limit: number): string {
  const code =
    typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
  return code === 'ERR_BUFFER_TOO_LARGE'
    ? `inflates to more than ${limit} bytes`
    : `does not inflate: ${code}`;
}
