import { parentPort } from 'node:worker_threads';
import { parseHcl } from '../hcl/parse-hcl.ts';

/** What the thread is asked; `id` comes back with the answer. */
export interface HclQuestion {
  readonly id: number;
  readonly fileName: string;
  readonly text: string;
}

/** What the thread answers: the parsed document, or why there is none. */
export interface HclAnswer {
  readonly id: number;
  readonly document?: unknown;
  readonly reason?: string;
}

const port = parentPort;
port?.on('message', ({ id, fileName, text }: HclQuestion) => {
  parseHcl(fileName, text).then(
    (document) => port.postMessage({ id, document } satisfies HclAnswer),
    (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      port.postMessage({ id, reason } satisfies HclAnswer);
    },
  );
});
