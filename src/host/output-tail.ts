/** The end of an output of any length, in memory that does not grow with it. */
export class OutputTail {
  readonly #limit: number;
  #text = '';

  /** @param limit characters kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes the next piece of the output. */
  push(piece: string): void {
    this.#text += piece;
    // Cutting at every piece would copy the whole tail each time.
    if (this.#text.length > 2 * this.#limit) this.#text = this.#text.slice(-this.#limit);
  }

  /** The last characters of what was pushed, at most as many as the limit. */
  text(): string {
    return this.#text.slice(-this.#limit);
  }
}
