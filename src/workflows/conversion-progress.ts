/** How much of a conversion a line of `qemu-img convert -p` tells, from 0 to 1; undefined for any other line. */
export function parseQemuProgress(line: string): number | undefined {
  const percent = /^\s*\((\d+(?:\.\d+)?)\/100%\)/.exec(line)?.[1];
  return percent === undefined ? undefined : Number(percent) / 100;
}

/** Tells of bytes as a part of all, from 0 to 1; of nothing, all is done. */
export function byFraction(
  onFraction: (fraction: number) => void,
): (doneBytes: number, totalBytes: number) => void {
  return (done, total) => onFraction(total === 0 ? 1 : done / total);
}
