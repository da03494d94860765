import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { renderCpio } from '../disks/cpio.ts';
import { Failure } from '../errors/failure.ts';
import {
  FAILED_MARKER,
  FINISHED_MARKER,
  finishMachineArguments,
  planFinishFiles,
  type GuestIdentity,
} from '../guest/finish-machine.ts';
import { dieWithParent } from '../host/die-with-parent.ts';
import { sha256OfFile } from '../host/digest-file.ts';
import type { Profile } from '../profiles/profile.ts';
import { basePath, type CheckedBase } from './base-cache.ts';
import type { WorkflowContext } from './build-request.ts';
import { collectChangelogs } from './collect-changelogs.ts';
import { digestDisk } from './digest-disk.ts';
import { PROVISIONERS_DIRECTORY } from './load-profile.ts';
import { readGuest, type GuestContent } from './read-guest.ts';

/** What finish works on. */
export interface FinishInput {
  readonly profile: Profile;
  readonly base: CheckedBase;
  readonly identity: GuestIdentity;
  readonly accelerator: 'kvm' | 'tcg';
  /** The disk as Packer left it; not changed. */
  readonly provisionedDisk: string;
  /** Directory of the run. */
  readonly directory: string;
  readonly onProgress: (detail: string, percent?: number) => void;
}

/** The finished disk: raw and sparse, and final. */
export interface FinishedDisk {
  readonly path: string;
  /** Digest of what a guest can read of it; see `digestDisk`. */
  readonly digest: string;
  /** Archive with the changelogs of every package in it. */
  readonly changelogs: string;
  readonly changelogsSha256: string;
  /** What is in it. */
  readonly content: GuestContent;
  /** Bytes that it really takes. */
  readonly allocatedBytes: number;
}

const CONVERT_DEADLINE_MS = 20 * 60_000;
const MACHINE_DEADLINE_MS = 5 * 60_000;
const SPARSIFY_DEADLINE_MS = 20 * 60_000;

/**
 * Copies the provisioned disk, gives the copy its identity, removes the build's traces and gives free blocks back.
 * Raises `E_FINISH_FAILED` with the machine's console when the disk could not be finished.
 */
export async function finishDisk(input: FinishInput, context: WorkflowContext): Promise<FinishedDisk> {
  const disk = join(input.directory, 'disk.raw');
  input.onProgress('copying the disk');
  await runProgram(
    'qemu-img',
    ['convert', '-O', 'raw', input.provisionedDisk, disk],
    CONVERT_DEADLINE_MS,
    context,
  );
  const changelogs = await collectChangelogs(
    {
      baseArchive: basePath(input.base, 'changelogs'),
      disk,
      rootOffsetBytes: input.base.entry.rootOffsetBytes,
      directory: input.directory,
    },
    context,
  );
  input.onProgress('writing the identity, removing traces, trimming');
  await runFinishMachine(disk, input, context);
  // Files do not change any more, so they are read while virt-sparsify's appliance starts, which takes ten times
  // as long as opening the filesystem does; what it discards belongs to no file.
  const [content] = await Promise.all([
    readGuest(disk, input.base.entry.rootOffsetBytes, { signal: context.signal }),
    sparsify(disk, input, context),
  ]);
  return {
    path: disk,
    digest: await digestDisk(disk, context),
    changelogs,
    changelogsSha256: await sha256OfFile(changelogs, context.signal),
    content,
    allocatedBytes: (await stat(disk)).blocks * 512,
  };
}

/** Whether virt-sparsify runs, which looks at every filesystem and at swap besides what the finish machine trimmed. */
export function usesGuestfs(method: Profile['finish']['sparsify']): boolean {
  return method === 'in-place' || method === 'copy';
}

async function runFinishMachine(disk: string, input: FinishInput, context: WorkflowContext): Promise<void> {
  const initrd = join(input.directory, 'finish.cpio.gz');
  const script = await readFile(join(PROVISIONERS_DIRECTORY, 'finish/finish.sh'), 'utf8');
  const archive = gzipSync(renderCpio(planFinishFiles(input.profile, input.identity, script)));
  await writeFile(initrd, Buffer.concat([await readFile(basePath(input.base, 'initrd')), archive]));
  const args = finishMachineArguments({
    accelerator: input.accelerator,
    kernel: basePath(input.base, 'kernel'),
    initrd,
    disk,
    rootUuid: input.base.entry.rootUuid,
  });
  const result = await context.run(
    dieWithParent({ command: 'qemu-system-x86_64', args, deadlineMs: MACHINE_DEADLINE_MS }),
    { signal: context.signal },
  );
  await writeFile(join(input.directory, 'finish-console.log'), result.stdout);
  await rm(initrd, { force: true });
  if (!result.stdout.includes(FINISHED_MARKER)) throw finishFailed(result.stdout, input.directory);
}

function finishFailed(console: string, directory: string): Failure {
  const lines = console.split(/\r?\n/).filter((line) => line.trim() !== '');
  const marked = lines.find((line) => line.includes(FAILED_MARKER));
  const reason =
    marked?.slice(marked.indexOf(FAILED_MARKER) + FAILED_MARKER.length).trim() ?? 'its machine stopped early';
  return new Failure('command', 'E_FINISH_FAILED', `the disk could not be finished: ${reason}`, {
    hint: `the whole console is in ${join(directory, 'finish-console.log')}`,
    details: lines.slice(-20),
  });
}

async function sparsify(disk: string, input: FinishInput, context: WorkflowContext): Promise<void> {
  const { sparsify: method } = input.profile.finish;
  if (!usesGuestfs(method)) return;
  input.onProgress('virt-sparsify');
  const env = {
    LIBGUESTFS_BACKEND: 'direct',
    ...(input.accelerator === 'tcg' ? { LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg' } : {}),
  };
  if (method === 'in-place') {
    await runProgram(
      'virt-sparsify',
      ['--quiet', '--format', 'raw', '--in-place', disk],
      SPARSIFY_DEADLINE_MS,
      context,
      env,
    );
    return;
  }
  const copy = `${disk}.sparse`;
  const args = ['--quiet', '--check-tmpdir', 'fail', '--format', 'raw', '--convert', 'raw', disk, copy];
  await runProgram('virt-sparsify', args, SPARSIFY_DEADLINE_MS, context, env);
  await rename(copy, disk);
}

async function runProgram(
  command: string,
  args: readonly string[],
  deadlineMs: number,
  context: WorkflowContext,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  await context.run(dieWithParent({ command, args, deadlineMs, env }), { signal: context.signal });
}
