import { readTextIfExists } from './files.ts';

/** Main memory as far as this process may use it, in bytes. */
export interface Memory {
  readonly totalBytes: number;
  /** What can be taken without swapping; page cache counts as free. */
  readonly availableBytes: number;
}

/**
 * Reads `/proc/meminfo` and the limit of our control group (version 2, then 1): inside a container the machine's
 * memory says nothing. @param root stands for `/` in tests
 */
export async function readMemory(root = ''): Promise<Memory> {
  const machine = parseMeminfo((await readTextIfExists(`${root}/proc/meminfo`)) ?? '');
  const limit = await readGroupLimit(root);
  if (limit === undefined || limit.maxBytes >= machine.totalBytes) return machine;
  return {
    totalBytes: limit.maxBytes,
    availableBytes: Math.max(0, Math.min(machine.availableBytes, limit.maxBytes - limit.usedBytes)),
  };
}

/** `MemTotal` and `MemAvailable` of a meminfo text. */
export function parseMeminfo(text: string): Memory {
  const field = (name: string): number => {
    const match = new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(text);
    return Number(match?.[1] ?? 0) * 1024;
  };
  return { totalBytes: field('MemTotal'), availableBytes: field('MemAvailable') };
}

async function readGroupLimit(root: string): Promise<{ maxBytes: number; usedBytes: number } | undefined> {
  const places = [
    ['memory.max', 'memory.current'],
    ['memory/memory.limit_in_bytes', 'memory/memory.usage_in_bytes'],
  ] as const;
  for (const [limit, usage] of places) {
    const maxBytes = await readNumber(`${root}/sys/fs/cgroup/${limit}`);
    const usedBytes = await readNumber(`${root}/sys/fs/cgroup/${usage}`);
    if (maxBytes !== undefined && usedBytes !== undefined) return { maxBytes, usedBytes };
  }
  return undefined;
}

/** A number in a file; undefined for `max` and for no file. */
async function readNumber(path: string): Promise<number | undefined> {
  const text = (await readTextIfExists(path))?.trim();
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
