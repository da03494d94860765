import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SeedDisc } from '../guest/boot-contract.ts';
import type { WorkflowContext } from './build-request.ts';

const DEADLINE_MS = 60_000;

/** Makes an ISO 9660 image with Joliet and Rock Ridge names, as servers attach them, with xorriso. */
export async function makeSeedDisc(
  disc: SeedDisc,
  path: string,
  { run, signal }: Pick<WorkflowContext, 'run' | 'signal'>,
): Promise<void> {
  const tree = `${path}.d`;
  for (const { path: name, data } of disc.files) {
    await mkdir(dirname(join(tree, name)), { recursive: true });
    await writeFile(join(tree, name), data, { mode: 0o644 });
  }
  const args = ['-as', 'genisoimage', '-quiet', '-output', path];
  const spec = { command: 'xorriso', args: [...args, '-volid', disc.label, '-joliet', '-rock', tree] };
  await run({ ...spec, deadlineMs: DEADLINE_MS }, { signal });
  await rm(tree, { recursive: true, force: true });
}
