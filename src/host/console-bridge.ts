import type { Duplex } from 'node:stream';

/** What a person types on. */
export interface TerminalInput {
  readonly setRawMode: (isRaw: boolean) => unknown;
  readonly resume: () => unknown;
  readonly pause: () => unknown;
  readonly on: (event: 'data' | 'error', listener: (piece: Buffer) => void) => unknown;
  readonly off: (event: 'data' | 'error', listener: (piece: Buffer) => void) => unknown;
}

/** A terminal with a person in front of it. */
export interface ConsoleTerminal {
  readonly input: TerminalInput;
  readonly output: { readonly write: (piece: Uint8Array | string) => unknown };
}

/** Ctrl-], which leaves; telnet and virsh have the same. */
export const LEAVE_KEY = 0x1d;

/** Ends what a guest may have switched on: colours, a hidden cursor, no line wrap (ECMA-48 SGR; DECTCEM, DECAWM). */
const CALM = '\x1b[0m\x1b[?25h\x1b[?7h';

const LINE_FEED = 0x0a;
/** What is kept of an unfinished line, in bytes, to show it again; a prompt is shorter. */
const LONGEST_PROMPT_BYTES = 512;

/**
 * Joins a terminal with the console of a machine, byte by byte in both directions. While it is open the terminal is in raw
 * mode: Ctrl-C and all others go to the guest, except for {@link LEAVE_KEY}.
 */
export class ConsoleBridge {
  readonly #terminal: ConsoleTerminal;
  readonly #onLeave: () => void;
  readonly #hearTyping = (piece: Buffer): void => this.#type(piece);
  /** A terminal that was closed tells so by a signal, too. */
  readonly #hearError = (): void => {};
  #console: Duplex | undefined;
  #line: Buffer = Buffer.alloc(0);
  #isOpen = false;

  /** @param onLeave called each time that the person wants to leave */
  constructor(terminal: ConsoleTerminal, onLeave: () => void) {
    this.#terminal = terminal;
    this.#onLeave = onLeave;
  }

  /** Takes the terminal. */
  open(): void {
    const { input } = this.#terminal;
    this.#isOpen = true;
    input.setRawMode(true);
    input.on('error', this.#hearError);
    input.on('data', this.#hearTyping);
    input.resume();
  }

  /** Shows this console from now on, and types into it. */
  attach(console: Duplex): void {
    this.#console = console;
    console.on('data', (piece: Buffer) => this.#show(piece));
    console.once('close', () => {
      if (this.#console === console) this.#console = undefined;
    });
  }

  /** Has something said on the same terminal, on lines of its own; what the guest had begun stands below it. */
  interject(say: () => void): void {
    const isWithin = this.#isOpen && this.#line.length > 0;
    if (isWithin) this.#terminal.output.write('\r\n');
    say();
    if (isWithin) this.#terminal.output.write(this.#line);
  }

  /** Gives the terminal back as it was; doing so again does nothing. */
  close(): void {
    if (!this.#isOpen) return;
    const { input, output } = this.#terminal;
    this.#isOpen = false;
    output.write(this.#line.length > 0 ? `\r\n${CALM}` : CALM);
    input.off('data', this.#hearTyping);
    input.pause();
    try {
      input.setRawMode(false);
    } catch {
      // The terminal has gone, and nobody is left to mind.
    }
  }

  #show(piece: Buffer): void {
    if (!this.#isOpen) return;
    this.#terminal.output.write(piece);
    const end = piece.lastIndexOf(LINE_FEED);
    const line = end < 0 ? Buffer.concat([this.#line, piece]) : piece.subarray(end + 1);
    this.#line = Buffer.from(line.subarray(-LONGEST_PROMPT_BYTES));
  }

  #type(piece: Buffer): void {
    let begin = 0;
    for (let end = piece.indexOf(LEAVE_KEY); end >= 0; end = piece.indexOf(LEAVE_KEY, begin)) {
      this.#send(piece.subarray(begin, end));
      begin = end + 1;
      this.#onLeave();
    }
    this.#send(piece.subarray(begin));
  }

  #send(piece: Buffer): void {
    if (piece.length > 0 && this.#console?.writable === true) this.#console.write(piece);
  }
}
