import { readTextIfExists } from './files.ts';

/** Main memory as far as this process may use it, in bytes. */
export interface Memory {
  readonly totalBytes: number;
  /** What can be taken without swapping; page cache counts as free. */
  readonly availableBytes: number;
}

/**
 * Reads `/proc/meminfo` and the limits of our control group and those around it (version 2 and 1): inside a container
 * or a service the machine's memory says nothing. @param root stands for `/` in tests
 */
export async function readMemory(root = ''): Promise<Memory> {
  const machine = parseMeminfo((await readTextIfExists(`${root}/proc/meminfo`)) ?? '');
  const limits = await Promise.all((await findGroups(root)).map(async (group) => readGroupLimit(group)));
  return limits
    .flatMap((limit) => limit ?? [])
    .filter(({ totalBytes }) => totalBytes < machine.totalBytes)
    .reduce(
      (memory, limit) => ({
        totalBytes: Math.min(memory.totalBytes, limit.totalBytes),
        availableBytes: Math.min(memory.availableBytes, limit.availableBytes),
      }),
      machine,
    );
}

/** `MemTotal` and `MemAvailable` of a meminfo text. */
export function parseMeminfo(text: string): Memory {
  const field = (name: string): number => {
    const match = new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(text);
    return Number(match?.[1] ?? 0) * 1024;
  };
  return { totalBytes: field('MemTotal'), availableBytes: field('MemAvailable') };
}

/** Names of a version's files. */
interface GroupFiles {
  readonly limit: string;
  readonly usage: string;
  /** Fields of `memory.stat` that count the page cache, which goes when somebody needs its room. */
  readonly cache: RegExp;
}

const VERSION_2: GroupFiles = {
  limit: 'memory.max',
  usage: 'memory.current',
  cache: /^(?:in)?active_file (\d+)$/gm,
};
const VERSION_1: GroupFiles = {
  limit: 'memory.limit_in_bytes',
  usage: 'memory.usage_in_bytes',
  cache: /^total_(?:in)?active_file (\d+)$/gm,
};

/**
 * Our group and all around it: each may set a limit. A container mostly sees its own group as the outermost one, while
 * its path may be that on the machine; what is not there sets no limit.
 */
async function findGroups(root: string): Promise<{ directory: string; files: GroupFiles }[]> {
  const text = (await readTextIfExists(`${root}/proc/self/cgroup`)) ?? '';
  const pathOf = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? '/';
  const versions = [
    { base: `${root}/sys/fs/cgroup`, path: pathOf(/^0::(\/.*)$/m), files: VERSION_2 },
    {
      base: `${root}/sys/fs/cgroup/memory`,
      path: pathOf(/^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/.*)$/m),
      files: VERSION_1,
    },
  ];
  return versions.flatMap(({ base, path, files }) => {
    const parts = path.split('/').filter((part) => part !== '' && part !== '..');
    const depths = Array.from({ length: parts.length + 1 }, (_, depth) => parts.slice(0, depth));
    return depths.map((names) => ({ directory: [base, ...names].join('/'), files }));
  });
}

async function readGroupLimit({
  directory,
  files,
}: {
  readonly directory: string;
  readonly files: GroupFiles;
}): Promise<Memory | undefined> {
  const totalBytes = await readNumber(`${directory}/${files.limit}`);
  const usedBytes = await readNumber(`${directory}/${files.usage}`);
  if (totalBytes === undefined || usedBytes === undefined) return undefined;
  const counts = (await readTextIfExists(`${directory}/memory.stat`)) ?? '';
  const cacheBytes = [...counts.matchAll(files.cache)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
  // A build reads and writes whole disks: its page cache fills any limit, and is no reason to refuse the next one.
  const heldBytes = Math.max(0, usedBytes - cacheBytes);
  return { totalBytes, availableBytes: Math.max(0, totalBytes - heldBytes) };
}

/** A number in a file; undefined for `max` and for no file. */
async function readNumber(path: string): Promise<number | undefined> {
  const text = (await readTextIfExists(path))?.trim();
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
