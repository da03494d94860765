import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowContext } from './build-request.ts';
import { readChangelogs } from './read-guest.ts';

const ARCHIVE_DEADLINE_MS = 5 * 60_000;

/** Where changelogs come from and go to. */
export interface ChangelogRequest {
  /** Archive of the base's changelogs, whose documentation is gone from the disk already. */
  readonly baseArchive: string;
  /** Raw disk as the provisioners left it: what they installed still has its documentation. */
  readonly disk: string;
  readonly rootOffsetBytes: number;
  /** Directory for the archive and for scratch files. */
  readonly directory: string;
}

/**
 * Gathers the changelogs of every package in the image, those of the base and those of what provisioners installed,
 * before documentation is removed. Returns the path of a zstd-compressed tar archive.
 */
export async function collectChangelogs(
  request: ChangelogRequest,
  context: WorkflowContext,
): Promise<string> {
  const archive = join(request.directory, 'changelogs.tar.zst');
  const scratch = join(request.directory, 'changelogs');
  await rm(scratch, { recursive: true, force: true });
  const found = await extractChangelogs(request, scratch);
  if (found === 0) {
    await copyFile(request.baseArchive, archive);
    return archive;
  }
  const tar = join(request.directory, 'changelogs.tar');
  const run = async (command: string, args: readonly string[]): Promise<void> => {
    await context.run({ command, args, deadlineMs: ARCHIVE_DEADLINE_MS }, { signal: context.signal });
  };
  await run('zstd', ['-q', '-d', '-f', request.baseArchive, '-o', tar]);
  const plain = ['--owner=0', '--group=0', '--numeric-owner', '--mtime=@0', '--sort=name'];
  await run('tar', ['--append', ...plain, '-f', tar, '-C', scratch, 'usr']);
  await run('zstd', ['-q', '-3', '-f', '--rm', tar, '-o', `${archive}.partial`]);
  await rename(`${archive}.partial`, archive);
  await rm(scratch, { recursive: true, force: true });
  return archive;
}

async function extractChangelogs(request: ChangelogRequest, scratch: string): Promise<number> {
  let found = 0;
  for await (const changelog of readChangelogs(request.disk, request.rootOffsetBytes)) {
    const directory = join(scratch, 'usr/share/doc', changelog.packageName);
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, changelog.fileName), changelog.data);
    found += 1;
  }
  return found;
}
