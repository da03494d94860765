/** Longest piece of a console line that is looked at or kept, in characters: real signs stand near its beginning. */
export const LINE_LENGTH = 1000;

/** What is read of a line before it is cleaned: escapes take room, too. */
const RAW_LENGTH = 8 * LINE_LENGTH;

/**
 * What a console makes of escapes, besides showing text: CSI (ECMA-48 §5.4: colours, cursor addressing, which GRUB
 * writes within words), OSC (systemd sets the window's title and marks its services), and the two-character rest.
 */
const ESCAPES =
  /\u001b(?:\[[0-?]*[ -/]*(?:[@-~]|(?=…))|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]*[0-Z\\-~])/g;

/** systemd shortens its status lines in the middle to 80 columns, be there an escape or not: `ssh.servic…[0m - Open`. */
const CUT_ESCAPE = /…(?:\[?0)?m(?= )|…\[0;1;39m/g;

/**
 * A line of a console as a person would read it: without escapes and control characters, tabs as spaces, without
 * blanks at its end; at most {@link LINE_LENGTH} characters, so that no guest can make it cost more.
 */
export function cleanConsoleLine(text: string): string {
  return text
    .slice(0, RAW_LENGTH)
    .replace(ESCAPES, '')
    .replace(CUT_ESCAPE, '…')
    .replace(/\t/g, ' ')
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '')
    .slice(0, LINE_LENGTH)
    .trimEnd();
}

/**
 * The lines of a piece of console text, cleaned, blank ones left out. A carriage return ends a line, too: fsck and
 * systemd write their progress over itself that way.
 */
export function consoleLines(text: string): string[] {
  return text
    .split(/[\r\n]/)
    .map(cleanConsoleLine)
    .filter((line) => line.trim() !== '');
}
