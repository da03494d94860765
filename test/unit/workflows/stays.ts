/**
 * How many processes were somewhere at once, from what each wrote of its stay: `in TIME` and `out TIME`, the time in
 * nanoseconds of the clock that all processes share. What they wrote arrives in any order.
 */
export class Stays {
  readonly #words: { readonly at: bigint; readonly step: number }[] = [];

  /** Takes a line of any of them; others than those two say nothing. */
  hear(line: string): void {
    const [word, at] = line.split(' ');
    if (at === undefined || (word !== 'in' && word !== 'out')) return;
    this.#words.push({ at: BigInt(at), step: word === 'in' ? 1 : -1 });
  }

  /** The largest number at any time. */
  get most(): number {
    let inside = 0;
    const ordered = this.#words.toSorted((a, b) => (a.at < b.at ? -1 : 1));
    return Math.max(0, ...ordered.map(({ step }) => (inside += step)));
  }
}
