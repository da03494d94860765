import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseMeminfo, readMemory } from '../../../src/host/memory.ts';

const MEMINFO = 'MemTotal:       8000000 kB\nMemFree:          10 kB\nMemAvailable:    6000000 kB\n';
const MACHINE = { totalBytes: 8_192_000_000, availableBytes: 6_144_000_000 };

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mintmark-memory-'));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('readMemory', () => {
  const limited = { totalBytes: 4_000_000_000, availableBytes: 3_000_000_000 };
  test.each<{ files: Record<string, string>; memory: object; because: string }>([
    { files: {}, memory: MACHINE, because: 'no control group' },
    {
      files: { 'memory.max': 'max\n', 'memory.current': '5\n' },
      memory: MACHINE,
      because: 'a control group without a limit',
    },
    {
      files: { 'memory.max': '4000000000\n', 'memory.current': '1000000000\n' },
      memory: limited,
      because: 'version 2',
    },
    {
      files: {
        'memory/memory.limit_in_bytes': '4000000000\n',
        'memory/memory.usage_in_bytes': '1000000000\n',
      },
      memory: limited,
      because: 'version 1',
    },
    {
      files: {
        'memory/memory.limit_in_bytes': '9223372036854771712\n',
        'memory/memory.usage_in_bytes': '1\n',
      },
      memory: MACHINE,
      because: 'version 1 says "no limit" by a huge number',
    },
    {
      files: { 'memory.max': '7000000000\n', 'memory.current': '100\n' },
      memory: { totalBytes: 7_000_000_000, availableBytes: 6_144_000_000 },
      because: 'the machine has less free than the limit leaves',
    },
    {
      files: {
        'memory.max': '4000000000\n',
        'memory.current': '3900000000\n',
        'memory.stat': 'anon 1000000000\nshmem 5\ninactive_file 2000000000\nactive_file 900000000\n',
      },
      memory: limited,
      because: 'page cache gives way (version 2)',
    },
    {
      files: {
        'memory/memory.limit_in_bytes': '4000000000\n',
        'memory/memory.usage_in_bytes': '3900000000\n',
        'memory/memory.stat':
          'inactive_file 7\ntotal_inactive_file 2000000000\ntotal_active_file 900000000\n',
      },
      memory: limited,
      because: 'page cache gives way (version 1)',
    },
    {
      files: {
        '../../../proc/self/cgroup': '0::/system.slice/ci.service\n',
        'system.slice/memory.max': 'max\n',
        'system.slice/memory.current': '9\n',
        'system.slice/ci.service/memory.max': '4000000000\n',
        'system.slice/ci.service/memory.current': '1000000000\n',
      },
      memory: limited,
      because: 'a service has a limit of its own',
    },
    {
      files: {
        '../../../proc/self/cgroup': '0::/outer/inner\n',
        'outer/memory.max': '4000000000\n',
        'outer/memory.current': '1000000000\n',
        'outer/inner/memory.max': 'max\n',
        'outer/inner/memory.current': '1\n',
      },
      memory: limited,
      because: 'the group around it has one',
    },
    {
      files: {
        '../../../proc/self/cgroup': '5:cpu,memory:/box\n1:cpu:/\n',
        'memory/box/memory.limit_in_bytes': '4000000000\n',
        'memory/box/memory.usage_in_bytes': '1000000000\n',
      },
      memory: limited,
      because: 'version 1, a group within',
    },
    {
      files: {
        '../../../proc/self/cgroup': '0::/../../elsewhere\n',
        'memory.max': '4000000000\n',
        'memory.current': '1000000000\n',
      },
      memory: limited,
      because: 'a path outside of what this container sees',
    },
    {
      files: { 'memory.max': '4000000000\n', 'memory.current': '5000000000\n', 'memory.stat': 'nonsense' },
      memory: { totalBytes: 4_000_000_000, availableBytes: 0 },
      because: 'over its limit',
    },
  ])('$because', async ({ files, memory }) => {
    await mkdir(join(root, 'proc/self'), { recursive: true });
    await writeFile(join(root, 'proc/meminfo'), MEMINFO);
    for (const [name, text] of Object.entries(files)) {
      const path = join(root, 'sys/fs/cgroup', name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    expect(await readMemory(root)).toEqual(memory);
  });

  test('this machine has some', async () => {
    const { totalBytes, availableBytes } = await readMemory();
    expect(availableBytes).toBeGreaterThan(0);
    expect(totalBytes).toBeGreaterThanOrEqual(availableBytes);
  });
});

test('a text that is no meminfo has none', () => {
  expect(parseMeminfo('nonsense')).toEqual({ totalBytes: 0, availableBytes: 0 });
});
