import { Worker } from 'node:worker_threads';
import { parseHcl, type ParseHcl } from '../hcl/parse-hcl.ts';
import type { HclAnswer, HclQuestion } from './hcl-thread.ts';

/**
 * Lends a parser that runs in a thread of its own and is gone afterwards, with its 130 MiB.
 * From TypeScript sources there is no script for a thread; the parser runs here then.
 */
export async function withHclThread<T>(use: (parse: ParseHcl) => Promise<T>): Promise<T> {
  if (!import.meta.filename.endsWith('.js')) return use(parseHcl);
  const worker = new Worker(new URL('hcl-thread.js', import.meta.url));
  try {
    return await use(askingThe(worker));
  } finally {
    await worker.terminate();
  }
}

function askingThe(worker: Worker): ParseHcl {
  const waiting = new Map<number, { resolve: (document: unknown) => void; reject: (error: Error) => void }>();
  let asked = 0;
  let broken: Error | undefined;
  worker.on('message', ({ id, document, reason }: HclAnswer) => {
    const asker = waiting.get(id);
    waiting.delete(id);
    if (reason === undefined) asker?.resolve(document);
    else asker?.reject(new Error(reason));
  });
  worker.on('error', (error: Error) => {
    broken = error;
    for (const asker of waiting.values()) asker.reject(error);
  });
  return (fileName, text) =>
    new Promise((resolve, reject) => {
      if (broken) return reject(broken);
      asked += 1;
      waiting.set(asked, { resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      worker.postMessage({ id: asked, fileName, text } satisfies HclQuestion);
    });
}
