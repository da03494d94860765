import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
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
import { consoleLines } from '../guest/console-line.ts';
import { ConsoleWatch } from '../guest/console-watch.ts';
import { dieWithParent } from '../host/die-with-parent.ts';
import { sha256OfFile } from '../host/digest-file.ts';
import type { SecretFilter } from '../host/secrets.ts';
import type { Profile } from '../profiles/profile.ts';
import { basePath, type CheckedBase } from './base-cache.ts';
import type { WorkflowContext } from './build-request.ts';
import { collectChangelogs } from './collect-changelogs.ts';
import { digestDisk } from './digest-disk.ts';
import { guestfsCommand } from './guestfs-command.ts';
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
  readonly secrets: SecretFilter;
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
  /** When the last file of it changed at the latest, ISO 8601. */
  readonly finishedAt: string;
}

/** Lines of its console that are shown when the machine fails. */
const CONSOLE_LINES_SHOWN = 8;

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
  const finishedAt = context.clock.now().toISOString();
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
    finishedAt,
  };
}

/** Whether virt-sparsify runs, which looks at every filesystem and at swap besides what the finish machine trimmed. */
export function usesGuestfs(method: Profile['finish']['sparsify']): method is 'in-place' | 'copy' {
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
  const console = input.secrets.text(result.stdout);
  await writeFile(join(input.directory, 'finish-console.log'), console);
  await rm(initrd, { force: true });
  if (!console.includes(FINISHED_MARKER)) throw finishFailed(console, input.directory);
}

function finishFailed(console: string, directory: string): Failure {
  const watch = new ConsoleWatch();
  for (const line of consoleLines(console)) watch.hear(line, 'serial', 0);
  const marked = watch.lastLines('serial').find((line) => line.includes(FAILED_MARKER));
  const reason =
    marked?.slice(marked.indexOf(FAILED_MARKER) + FAILED_MARKER.length).trim() ??
    watch.likelyReason()?.reason ??
    'its machine stopped early';
  const log = join(directory, 'finish-console.log');
  return new Failure('command', 'E_FINISH_FAILED', `the disk could not be finished: ${reason}`, {
    facts: [
      { label: 'serial', lines: watch.lastLines('serial', CONSOLE_LINES_SHOWN) },
      { label: 'log', lines: [log] },
    ],
    evidence: { log, serial: watch.lastLines('serial') },
  });
}

async function sparsify(disk: string, input: FinishInput, context: WorkflowContext): Promise<void> {
  const { sparsify: method } = input.profile.finish;
  if (!usesGuestfs(method)) return;
  input.onProgress('virt-sparsify');
  const { directory, accelerator } = input;
  const call = { directory, disk: basename(disk), method, accelerator };
  await mkdir(join(directory, 'tmp'), { recursive: true });
  await context.run(guestfsCommand(call, SPARSIFY_DEADLINE_MS), { signal: context.signal });
  await rm(join(directory, 'tmp'), { recursive: true, force: true });
  if (method === 'copy') await rename(`${disk}.sparse`, disk);
}

async function runProgram(
  command: string,
  args: readonly string[],
  deadlineMs: number,
  context: WorkflowContext,
): Promise<void> {
  await context.run(dieWithParent({ command, args, deadlineMs }), { signal: context.signal });
}
