import { seconds } from './describe-boot.ts';

/** How long a machine may take for what; all in milliseconds. */
export interface BootPatience {
  /** From power-on until it is ready. */
  readonly readyDeadlineMs: number;
  /**
   * From its login prompt, or from being told what it waits for, until it lets us in; a slow machine gets as long as it
   * took to its prompt. A machine without SSH is known by that long before its time for getting ready is over.
   */
  readonly promptDeadlineMs: number;
  /** From being ready until it has answered everything. */
  readonly answerDeadlineMs: number;
}

/** Several times what the built-in images take; under emulation services are slow. */
export const BOOT_PATIENCE: Readonly<Record<'kvm' | 'tcg', BootPatience>> = {
  kvm: { readyDeadlineMs: 120_000, promptDeadlineMs: 30_000, answerDeadlineMs: 60_000 },
  tcg: { readyDeadlineMs: 420_000, promptDeadlineMs: 60_000, answerDeadlineMs: 180_000 },
};

/** The deadlines of one start, of which the next one that passes ends the waiting. */
export class BootDeadlines {
  readonly #patience: BootPatience;
  readonly #late = new AbortController();
  readonly #poweredOnMs: number;
  #ready: NodeJS.Timeout | undefined;
  #prompt: NodeJS.Timeout | undefined;
  #answer: NodeJS.Timeout | undefined;
  #isIn = false;
  #limit = '';

  /** @param ageMs how long the machine has been running */
  constructor(patience: BootPatience, ageMs: number) {
    this.#patience = patience;
    this.#poweredOnMs = performance.now() - ageMs;
    const { readyDeadlineMs } = patience;
    const left = Math.max(0, readyDeadlineMs - ageMs);
    this.#ready = this.#endAfter(left, `within ${seconds(readyDeadlineMs)}`);
  }

  /** Aborted when the time is over. */
  get late(): AbortSignal {
    return this.#late.signal;
  }

  /** Which time that was: `within 240 s`. */
  get limit(): string {
    return this.#limit;
  }

  /** It asks for a login. */
  hearPrompt(): void {
    if (this.#isIn || this.late.aborted) return;
    const promptDeadlineMs = Math.max(this.#patience.promptDeadlineMs, performance.now() - this.#poweredOnMs);
    clearTimeout(this.#prompt);
    this.#prompt = this.#endAfter(
      promptDeadlineMs,
      `within ${seconds(promptDeadlineMs)} of its login prompt`,
    );
  }

  /** It was told what it waited for, so it may begin only now. */
  hearTold(): void {
    if (this.#prompt !== undefined) this.hearPrompt();
  }

  /** It let us in. */
  hearLogin(): void {
    this.#isIn = true;
    clearTimeout(this.#prompt);
  }

  /** It is ready, and has its questions. */
  hearReady(): void {
    clearTimeout(this.#ready);
    if (this.late.aborted) return;
    const { answerDeadlineMs } = this.#patience;
    this.#answer = this.#endAfter(answerDeadlineMs, `for ${seconds(answerDeadlineMs)}`);
  }

  /** Nothing is waited for any more. */
  clear(): void {
    for (const timer of [this.#ready, this.#prompt, this.#answer]) clearTimeout(timer);
    this.#isIn = true;
  }

  #endAfter(ms: number, limit: string): NodeJS.Timeout {
    return setTimeout(() => {
      if (!this.late.aborted) this.#limit = limit;
      this.#late.abort();
    }, ms);
  }
}
