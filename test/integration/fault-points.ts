import { basename } from 'node:path';

/** How a change is interrupted: killed right after it (a write is half done then), or no room from there on. */
export type FaultKind = 'after' | 'full';

/** Calls that a full disk does not hinder. */
const TAKES_NO_ROOM = /^(?:sync|rm|rmdir|unlink|rename|chmod|truncate)$/;

/**
 * Numbers of the changes after which something is different on the disk than before. To open a file, or to have no room
 * for what takes none, differs in nothing from the next change; locks are the same for everybody and need it once.
 * @param report what the preload counted: `NUMBER CALL PATH` in each line
 */
export function distinctPoints(
  report: string,
  kind: FaultKind,
  { withLocks }: { readonly withLocks: boolean },
): number[] {
  const alike = kind === 'full' ? TAKES_NO_ROOM : /^open$/;
  return report
    .trimEnd()
    .split('\n')
    .flatMap((change) => {
      const [number = '', call = '', path = ''] = change.split(' ');
      const isLock = basename(path).startsWith('.lock');
      return alike.test(call) || (isLock && !withLocks) ? [] : [Number(number)];
    });
}
