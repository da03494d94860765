import { copyFile, mkdir, open, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BASE_FILES, renderBaseEntry, type BaseEntry, type BaseFile } from '../bases/base-entry.ts';
import { planBootstrapJob } from '../bases/bootstrap-job.ts';
import { newestIndexSeconds, renderClosureRelease } from '../bases/closure.ts';
import { deriveDiskIdentifiers } from '../bases/derived-identifiers.ts';
import { planDiskLayout, type DiskLayout } from '../bases/disk-layout.ts';
import { dieWithParent } from '../host/die-with-parent.ts';
import { sha256OfFile } from '../host/digest-file.ts';
import { parseDpkgStatus, type InstalledPackage } from '../packages/dpkg-status.ts';
import type { Profile } from '../profiles/profile.ts';
import type { BaseMethod } from './base-method.ts';
import { checkInstalled, chooseScratch, runTree } from './bootstrap-tree.ts';
import type { WorkflowContext } from './build-request.ts';
import { fetchPackages } from './fetch-packages.ts';
import { PROVISIONERS_DIRECTORY } from './load-profile.ts';
import { readOutsideRoot, type DiskPiece } from './outside-root.ts';
import { checkNamespaces, removeTree } from './private-namespaces.ts';
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
  /** Where everything that mmdebstrap prints is written; without it only the log of a failure stays, in the cache. */
  readonly logFile?: string;
  readonly onProgress: (detail: string, percent?: number) => void;
}

const CONVERT_DEADLINE_MS = 10 * 60_000;

/**
 * The method `bootstrap`: mmdebstrap on the host at native speed into memory, a filesystem and boot code written
 * without mounting anything, as root or as an ordinary user with user namespaces.
 *
 * Raises `E_NAMESPACES`, `E_DISK_TOO_SMALL`, `E_BOOTSTRAP_FAILED`, `E_CLOSURE_NOT_INSTALLED`, and what fetching raises.
 */
export function bootstrapBase(input: BootstrapInput, context: WorkflowContext): BaseMethod {
  const job = input.jobDirectory;
  const out = join(job, 'out');
  const layout = planDiskLayout(input.profile.disk);
  const identifiers = deriveDiskIdentifiers(input.key);
  return {
    name: 'bootstrap',
    setup: async () => {
      await checkNamespaces(context);
      await mkdir(out, { recursive: true });
      const scratch = await chooseScratch(input.closure, join(job, 'scratch'));
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
      const epochSeconds = newestIndexSeconds(input.closure);
      const pieces = await readOutsideRoot(out, { layout, identifiers, epochSeconds });
      await writeOutsideRoot(join(out, 'disk.raw'), layout.diskBytes, pieces);
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
    cleanup: () => removeTree(job, context),
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

async function writeOutsideRoot(
  disk: string,
  diskBytes: number,
  pieces: readonly DiskPiece[],
): Promise<void> {
  const handle = await open(disk, 'r+');
  try {
    await handle.truncate(diskBytes);
    for (const { offsetBytes, bytes } of pieces) await handle.write(bytes, 0, bytes.length, offsetBytes);
  } finally {
    await handle.close();
  }
}

async function convertToQcow2(raw: string, qcow2: string, context: WorkflowContext): Promise<void> {
  const args = ['convert', '-f', 'raw', '-O', 'qcow2', raw, qcow2];
  const command = dieWithParent({ command: 'qemu-img', args, deadlineMs: CONVERT_DEADLINE_MS });
  await context.run(command, { signal: context.signal });
}

async function describeEntry(
  input: BootstrapInput,
  layout: DiskLayout,
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
