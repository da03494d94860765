/** Longest line that is delivered, in characters; Packer's records and apt's progress stay far below. */
export const LONGEST_LINE = 1024 * 1024;

/** What is delivered instead of a longer line; a part of it could hold a part of a secret, unrecognisable as such. */
export const TOO_LONG_LINE = '(a line of more than 1 MiB is left out)';

/** Time without a further character after which an unfinished line may be a prompt, in milliseconds. */
const PAUSE_MS = 300;

/**
 * Splits a stream into lines; a last line without an end is delivered too. Instead of a line that is longer than
 * {@link LONGEST_LINE}, {@link TOO_LONG_LINE} is delivered.
 *
 * @param onPause told an unfinished line after which nothing follows for a while, such as a prompt
 */
export function forwardLines(
  stream: NodeJS.ReadableStream | null | undefined,
  deliver: (line: string) => void,
  onPause?: (unfinished: string) => void,
): void {
  if (!stream) return;
  let pending = '';
  let isTooLong = false;
  let pause: NodeJS.Timeout | undefined;
  const deliverLine = (line: string): void => {
    deliver(isTooLong || line.length > LONGEST_LINE ? TOO_LONG_LINE : line);
    isTooLong = false;
  };
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    // A carriage return at the very end may be half of a CR LF, so it does not end a line yet.
    const lines = (pending + chunk).split(/\r?\n|\r(?!$)/);
    pending = lines.pop() ?? '';
    for (const line of lines) deliverLine(line);
    if (onPause !== undefined) {
      clearTimeout(pause);
      pause = pending === '' ? undefined : setTimeout(() => onPause(pending), PAUSE_MS).unref();
    }
    if (pending.length <= LONGEST_LINE) return;
    isTooLong = true;
    pending = pending.slice(-1);
  });
  stream.on('end', () => {
    clearTimeout(pause);
    if (isTooLong || pending !== '') deliverLine(pending.replace(/\r$/, ''));
  });
}
