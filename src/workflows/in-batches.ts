import { setImmediate as yieldTurn } from 'node:timers/promises';

/** As many at once as keep the disk busy, and few enough to hold little in memory. */
const BATCH = 16;

/** Does something with each of many items, a few at a time; results in their order. */
export async function inBatches<T, R>(
  items: readonly T[],
  action: (item: T) => Promise<R>,
  size = BATCH,
): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += size) {
    // Signals and progress get their turn also where the actions never wait.
    await yieldTurn();
    results.push(...(await Promise.all(items.slice(start, start + size).map(action))));
  }
  return results;
}
