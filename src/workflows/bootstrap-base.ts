import { copyFile, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { freemem } from 'node:os';
import { dirname, join } from 'node:path';
import { BASE_FILES, renderBaseEntry, type BaseEntry, type BaseFile } from '../bases/base-entry.ts';
import { planBiosLayout } from '../bases/bios-layout.ts';
import { planBootstrapJob } from '../bases/bootstrap-job.ts';
import { renderClosureRelease } from '../bases/closure.ts';
import { deriveDiskIdentifiers } from '../bases/derived-identifiers.ts';
import { renderBootArea } from '../disks/boot-area.ts';
import { Failure } from '../errors/failure.ts';
import { sha256OfFile } from '../host/digest-file.ts';
import { fieldOf, parseDeb822 } from '../packages/deb822.ts';
import { parseDpkgStatus, type InstalledPackage } from '../packages/dpkg-status.ts';
import type { Profile } from '../profiles/profile.ts';
import { MIB } from '../values/byte-size.ts';
import type { CommandSpec } from '../values/command-spec.ts';
import type { BaseMethod } from './base-method.ts';
import type { WorkflowContext } from './build-request.ts';
import { fetchPackages } from './fetch-packages.ts';
import { PROVISIONERS_DIRECTORY } from './load-profile.ts';
import type { ResolvedClosure } from './resolve-closure.ts';

/** What a bootstrap is made from and where it leaves its result. */
export interface BootstrapInput {
  readonly profile: Profile;
  readonly key: string;
  readonly closure: ResolvedClosure;
  readonly sourceKeys: Readonly<Record<string, string>>;
  readonly offline: boolean;
  /** Directory for the finished entry; inside the cache, not yet under its final name. */
  readonly entryDirectory: string;
  /** Directory for everything in between; removed at the end. */
  readonly jobDirectory: string;
  readonly onProgress: (detail: string, percent?: number) => void;
}

const TREE_DEADLINE_MS = 60 * 60_000;
const CONVERT_DEADLINE_MS = 10 * 60_000;

/**
 * The method `bootstrap`: mmdebstrap on the host at native speed into memory, a filesystem and boot code written
 * without mounting anything, as root or as an ordinary user with user namespaces.
 */
export function bootstrapBase(input: BootstrapInput, context: WorkflowContext): BaseMethod {
  const job = input.jobDirectory;
  const out = join(job, 'out');
  const layout = planBiosLayout(input.profile.disk);
  const identifiers = deriveDiskIdentifiers(input.key);
  return {
    name: 'bootstrap',
    setup: async () => {
      await mkdir(out, { recursive: true });
      const scratch = await chooseScratch(input, join(job, 'scratch'));
      const epochSeconds = newestIndexSeconds(input.closure);
      const files = planBootstrapJob(input.profile, { ...input, identifiers, layout, scratch, epochSeconds });
      await writeJobFiles(job, files);
      await writeRepository(job, input, context);
    },
    create: async () => {
      await runTree(job, out, input, context);
      await checkInstalled(out, input.closure);
    },
    prepare: async () => {
      const bootCode = {
        bootImage: await readFile(join(out, 'boot.img')),
        coreImage: await readFile(join(out, 'core.img')),
      };
      await writeBootCode(
        join(out, 'disk.raw'),
        layout.diskBytes,
        renderBootArea({ ...layout, ...identifiers, ...bootCode }),
      );
    },
    install: async () => {
      input.onProgress('writing the base disk');
      await mkdir(input.entryDirectory, { recursive: true });
      await convertToQcow2(join(out, 'disk.raw'), join(input.entryDirectory, BASE_FILES.disk), context);
      for (const role of ['kernel', 'initrd', 'changelogs'] as const) {
        await rename(join(out, BASE_FILES[role]), join(input.entryDirectory, BASE_FILES[role]));
      }
      const packages = parseDpkgStatus(await readFile(join(out, 'dpkg-status'), 'utf8')).installed;
      const entry = await describeEntry(input, layout, identifiers.rootUuid, packages, context);
      await writeFile(join(input.entryDirectory, 'entry.json'), renderBaseEntry(entry));
    },
    cleanup: () => removeJob(job, context),
  };
}

async function writeJobFiles(job: string, files: readonly { path: string; text: string }[]): Promise<void> {
  for (const file of files) {
    await mkdir(dirname(join(job, file.path)), { recursive: true });
    await writeFile(join(job, file.path), file.text);
  }
  await copyFile(join(PROVISIONERS_DIRECTORY, 'microvm/init.sh'), join(job, 'microvm-init'));
}

async function writeRepository(job: string, input: BootstrapInput, context: WorkflowContext): Promise<void> {
  const { closure, profile } = input;
  const repository = join(job, 'repository');
  const pool = join(repository, 'pool');
  const request = { aptConfig: closure.aptConfig, destination: pool, offline: input.offline };
  await fetchPackages([...closure.packages, closure.busybox], request, context, (present, total) =>
    input.onProgress(`fetching packages: ${present} of ${total}`, (10 * present) / total),
  );
  await copyFile(join(pool, closure.busybox.file), join(job, 'busybox.deb'));
  await writeFile(join(repository, 'Packages'), closure.index);
  await writeFile(
    join(repository, 'Release'),
    renderClosureRelease(profile.os.suite, profile.os.architecture),
  );
}

async function runTree(
  job: string,
  out: string,
  input: BootstrapInput,
  context: WorkflowContext,
): Promise<void> {
  const total = input.closure.packages.length;
  let configured = 0;
  await context.run(
    namespaceCommand(['sh', join(PROVISIONERS_DIRECTORY, 'base/tree.sh'), job, out], TREE_DEADLINE_MS),
    {
      signal: context.signal,
      onLine: (line) => {
        const step = /^mintmark: (.*)$/.exec(line)?.[1];
        if (step !== undefined) input.onProgress(step);
        const name = /^Setting up (\S+)/.exec(line)?.[1];
        if (name === undefined) return;
        configured += 1;
        input.onProgress(`installing packages: ${name}`, 10 + (70 * Math.min(configured, total)) / total);
      },
    },
  );
}

/**
 * Runs a program as (mapped) root in mount and process namespaces of its own; when the program or we die,
 * the kernel ends what is left in them. `unshare` holds SIGTERM back while it waits, hence SIGKILL.
 */
function namespaceCommand(words: readonly string[], deadlineMs: number): CommandSpec {
  const mapping = process.getuid?.() === 0 ? [] : ['--map-auto', '--map-root-user'];
  return {
    command: 'setpriv',
    args: [
      '--pdeathsig',
      'KILL',
      'unshare',
      ...mapping,
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      ...words,
    ],
    endSignal: 'SIGKILL',
    deadlineMs,
  };
}

/** mmdebstrap resolves again inside the repository; what came out must be what was asked for. */
async function checkInstalled(out: string, closure: ResolvedClosure): Promise<void> {
  const installed = parseDpkgStatus(await readFile(join(out, 'dpkg-status'), 'utf8')).installed;
  const nameOf = (entry: { name: string; version: string }): string => `${entry.name} ${entry.version}`;
  const found = new Set(installed.map(nameOf));
  const missing = closure.packages.map(nameOf).filter((name) => !found.has(name));
  if (missing.length === 0 && installed.length === closure.packages.length) return;
  throw new Failure(
    'command',
    'E_CLOSURE_NOT_INSTALLED',
    `mmdebstrap installed ${installed.length} packages where ${closure.packages.length} were resolved`,
    {
      details: missing.slice(0, 10).map((name) => `missing  ${name}`),
    },
  );
}

async function writeBootCode(disk: string, diskBytes: number, bootCode: Buffer): Promise<void> {
  const handle = await open(disk, 'r+');
  try {
    await handle.truncate(diskBytes);
    await handle.write(bootCode, 0, bootCode.length, 0);
  } finally {
    await handle.close();
  }
}

async function convertToQcow2(raw: string, qcow2: string, context: WorkflowContext): Promise<void> {
  const args = ['convert', '-f', 'raw', '-O', 'qcow2', raw, qcow2];
  await context.run(
    { command: 'qemu-img', args, deadlineMs: CONVERT_DEADLINE_MS },
    { signal: context.signal },
  );
}

async function describeEntry(
  input: BootstrapInput,
  layout: ReturnType<typeof planBiosLayout>,
  rootUuid: string,
  installed: readonly InstalledPackage[],
  context: WorkflowContext,
): Promise<BaseEntry> {
  const describe = async (role: BaseFile): Promise<{ sha256: string; sizeBytes: number }> => {
    const path = join(input.entryDirectory, BASE_FILES[role]);
    return { sha256: await sha256OfFile(path), sizeBytes: (await stat(path)).size };
  };
  return {
    schema: 1,
    key: input.key,
    method: 'bootstrap',
    created: context.clock.now().toISOString(),
    rootUuid,
    rootOffsetBytes: layout.root.offsetBytes,
    virtualSizeBytes: layout.diskBytes,
    files: {
      disk: await describe('disk'),
      kernel: await describe('kernel'),
      initrd: await describe('initrd'),
      changelogs: await describe('changelogs'),
    },
    packages: installed.map(({ name, version, architecture }) => ({ name, version, architecture })),
  };
}

/** The tree in memory when it fits there three times over (tree, packages and page cache), else on disk. */
async function chooseScratch(input: BootstrapInput, directory: string): Promise<string> {
  const installedKiB = parseDeb822(input.closure.index, 'closure index').reduce(
    (sum, paragraph) => sum + Number(fieldOf(paragraph, 'Installed-Size') ?? 0),
    0,
  );
  const available = await availableMemoryBytes();
  if (available > 3 * installedKiB * 1024 + 1024 * MIB) return 'tmpfs';
  await mkdir(directory, { recursive: true });
  return directory;
}

async function availableMemoryBytes(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
  return kib === undefined ? freemem() : Number(kib) * 1024;
}

function newestIndexSeconds(closure: ResolvedClosure): number {
  const newest = Math.max(0, ...closure.mirrors.map((state) => Date.parse(state.date) || 0));
  return Math.floor(newest / 1000);
}

/** A tree on disk belongs to mapped users when we are not root, so only their namespace can remove it. */
async function removeJob(job: string, context: WorkflowContext): Promise<void> {
  try {
    await rm(job, { recursive: true, force: true });
  } catch {
    await context.run(namespaceCommand(['rm', '-rf', job], CONVERT_DEADLINE_MS));
  }
}
