import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { dieWithParent } from '../host/die-with-parent.ts';
import type { SuiteResult } from '../manifests/test-report.ts';
import { Failure } from '../errors/failure.ts';
import type { WorkflowContext } from './build-request.ts';
import { checkHygiene, type OwnFiles } from './check-hygiene.ts';
import { readGuest, readRootPartitionOffset, type GuestContent } from './read-guest.ts';
import { openArtifact, type ArtifactFile } from './tested-artifact.ts';

/** What was found on a disk without booting it. */
export interface ReadDiskResult {
  readonly hygiene: SuiteResult;
  /** Absent where the disk could not be read. */
  readonly content: GuestContent | undefined;
}

const READ_DEADLINE_MS = 60 * 60_000;

/**
 * Reads the disk in an artifact and holds it against the rules of hygiene. A disk whose file system we do not read is
 * reported as one that was not looked at. Raises what opening the artifact and running qemu-img raise.
 *
 * @param directory for what is unpacked on the way; removed afterwards
 */
export async function readTestedDisk(
  artifact: ArtifactFile,
  { own, directory }: { readonly own: OwnFiles; readonly directory: string },
  context: WorkflowContext,
): Promise<ReadDiskResult> {
  await mkdir(directory, { recursive: true });
  try {
    const { imageOptions } = await openArtifact(artifact, directory, context);
    const disk = join(directory, 'disk.raw');
    const args = ['convert', '--image-opts', '-O', 'raw', imageOptions, disk];
    const spec = dieWithParent({ command: 'qemu-img', args, deadlineMs: READ_DEADLINE_MS });
    await context.run(spec, { signal: context.signal });
    const content = await readGuest(disk, await readRootPartitionOffset(disk), { signal: context.signal });
    return { content, hygiene: checkHygiene({ content, own }) };
  } catch (error) {
    if (!(error instanceof Failure) || !/^E_(?:EXT4|MBR|GPT|VOLUME)_/.test(error.code)) throw error;
    return { content: undefined, hygiene: notRead(error) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function notRead({ message }: Failure): SuiteResult {
  const check = {
    name: 'disk',
    title: 'the disk can be read without booting it',
    outcome: 'skipped',
    found: message,
  } as const;
  return { name: 'hygiene', checks: [check], evidence: [], durationMs: 0 };
}
