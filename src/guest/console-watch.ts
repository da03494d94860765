import { cleanConsoleLine } from './console-line.ts';
import type { ConsoleSource } from './console-sign.ts';
import { CONSOLE_SIGNS, findConsoleSign, type FoundSign } from './console-signs.ts';

/** Lines kept of each source. */
export const LINES_KEPT = 40;

/** systemd's moving stars before what it waits for; one line on a screen, dozens in a log. */
const WAITING = /^\[[ *]{6}\] /;

/** A sign, and when it was first seen. */
export interface SeenSign extends FoundSign {
  readonly source: ConsoleSource;
  /** Milliseconds since power-on. */
  readonly atMs: number;
  /** How often the sign was seen, in whatever words. */
  readonly count: number;
}

/**
 * Listens to one machine from power-on and remembers what its end may hang on; takes little room, however much is
 * said. It is told whole lines, see `consoleLines`, and what stands behind the last line feed once nothing follows:
 * prompts and SeaBIOS's `No bootable device.` have no line feed.
 */
export class ConsoleWatch {
  readonly #lines = new Map<ConsoleSource, string[]>();
  readonly #suspects = new Map<string, SeenSign>();
  #fatal: SeenSign | undefined;
  #linesAfterFatal = 0;

  /** A line of a source; answers with the sign in it, also when it was seen before. */
  hear(line: string, source: ConsoleSource, atMs: number): FoundSign | undefined {
    this.#keep(cleanConsoleLine(line), source);
    const found = findConsoleSign(line, source);
    if (found === undefined) return undefined;
    if (found.sign.gravity === 'suspect') this.#suspect(found, source, atMs);
    else this.#fatal ??= { ...this.#withCause(found), source, atMs, count: 1 };
    return found;
  }

  /** The first sign after which nothing good can follow; its reason names what led to it, if that was seen before. */
  get fatal(): SeenSign | undefined {
    return this.#fatal;
  }

  /** Every suspect once, as first seen, in that order. */
  get suspects(): readonly SeenSign[] {
    return [...this.#suspects.values()];
  }

  /** The last lines of a source, cleaned, without blank ones. */
  lastLines(source: ConsoleSource, count: number = LINES_KEPT): readonly string[] {
    const kept = this.#lines.get(source) ?? [];
    return kept.slice(Math.max(0, kept.length - count));
  }

  /** The fatal sign; else the suspect that stands first in {@link CONSOLE_SIGNS}, where causes precede consequences. */
  likelyReason(): SeenSign | undefined {
    if (this.#fatal !== undefined) return this.#fatal;
    const name = CONSOLE_SIGNS.find((sign) => this.#suspects.has(sign.name))?.name;
    return name === undefined ? undefined : this.#suspects.get(name);
  }

  #keep(line: string, source: ConsoleSource): void {
    if (line.trim() === '' || this.#isTooLate(source)) return;
    const kept = this.#lines.get(source) ?? [];
    if (WAITING.test(line) && WAITING.test(kept.at(-1) ?? '')) kept.pop();
    kept.push(line);
    if (kept.length > LINES_KEPT) kept.shift();
    this.#lines.set(source, kept);
  }

  /** A panic is followed by a screenful of registers, which must not push the panic itself out. */
  #isTooLate(source: ConsoleSource): boolean {
    if (this.#fatal?.source !== source) return false;
    this.#linesAfterFatal += 1;
    return this.#linesAfterFatal > LINES_KEPT / 2;
  }

  #suspect(found: FoundSign, source: ConsoleSource, atMs: number): void {
    const { name } = found.sign;
    const first = this.#suspects.get(name) ?? { ...found, source, atMs, count: 0 };
    this.#suspects.set(name, { ...first, count: first.count + 1 });
  }

  #withCause(found: FoundSign): FoundSign {
    const cause = (found.sign.causes ?? [])
      .map((name) => this.#suspects.get(name))
      .find((suspect) => suspect !== undefined);
    return cause === undefined ? found : { ...found, reason: `${found.reason}: ${cause.reason}` };
  }
}
