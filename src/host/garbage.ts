import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options?: { readonly type: 'minor' }) => void;

let collect: Collect | undefined;

/**
 * Gives the memory of objects that nobody uses back, of young ones only or of all. Node counts what buffers hold
 * outside its heap and lets it grow by tens of MiB in every thread before it looks; a build that moves a whole disk
 * through small buffers would keep that much garbage all the time.
 */
export function collectGarbage(which: 'young' | 'all'): void {
  collect ??= findCollector();
  if (which === 'young') collect({ type: 'minor' });
  else collect();
}

/** V8's own, which is out of reach unless asked for. */
function findCollector(): Collect {
  setFlagsFromString('--expose-gc');
  const found: unknown = runInNewContext('globalThis.gc');
  return typeof found === 'function' ? (options) => void found(options) : () => undefined;
}
