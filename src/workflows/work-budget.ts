/** What one piece of work takes while it runs. */
export interface WorkShare {
  /** Cores that it keeps busy. */
  readonly cores: number;
  readonly memoryBytes: number;
}

interface Waiting {
  readonly share: WorkShare;
  readonly start: () => void;
}

/**
 * Lets pieces of work of this process run side by side as long as they fit into its cores and memory together. Who
 * comes first is let in first; work that wants more than there is at all is let in when nothing else runs.
 */
export class WorkBudget {
  readonly #total: WorkShare;
  readonly #waiting: Waiting[] = [];
  #used: WorkShare = { cores: 0, memoryBytes: 0 };
  #running = 0;

  constructor(total: WorkShare) {
    this.#total = total;
  }

  /** Does the work when its turn has come. Raises what the work raises, and the signal's reason while it waits. */
  async run<Result>(share: WorkShare, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    await this.#enter(share, signal);
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#used = plus(this.#used, share, -1);
      this.#letIn();
    }
  }

  async #enter(share: WorkShare, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal.reason);
        this.#letIn();
      };
      const start = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const waiting = { share, start };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiting);
      this.#letIn();
    });
  }

  #letIn(): void {
    for (let next = this.#waiting[0]; next && this.#fits(next.share); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#running += 1;
      this.#used = plus(this.#used, next.share, 1);
      next.start();
    }
  }

  #fits(share: WorkShare): boolean {
    const { cores, memoryBytes } = plus(this.#used, share, 1);
    return this.#running === 0 || (cores <= this.#total.cores && memoryBytes <= this.#total.memoryBytes);
  }
}

function plus(a: WorkShare, b: WorkShare, sign: 1 | -1): WorkShare {
  return { cores: a.cores + sign * b.cores, memoryBytes: a.memoryBytes + sign * b.memoryBytes };
}
