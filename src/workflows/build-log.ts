import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dieWithParent } from '../host/die-with-parent.ts';
import { readTextIfExists } from '../host/files.ts';
import type { BuildScene } from './build-scene.ts';

/** Logs of a run in the order in which they were written. */
const LOGS = ['bootstrap.log', 'packer.log', join('vm', 'serial.log'), 'finish-console.log'];

const COMPRESS_DEADLINE_MS = 60_000;

/** Writes `build.log.zst` into a directory: every log of the run, each under its name, without secrets. */
export async function writeBuildLog(scene: BuildScene, directory: string): Promise<void> {
  const parts: string[] = [];
  for (const name of LOGS) {
    const text = await readTextIfExists(scene.run.file(name));
    if (text !== undefined) parts.push(`==> ${name} <==\n${scene.secrets.text(text)}\n`);
  }
  const plain = scene.run.file('build.log');
  await writeFile(plain, parts.join('\n'));
  const args = ['-q', '-f', plain, '-o', join(directory, 'build.log.zst')];
  const spec = dieWithParent({ command: 'zstd', args, deadlineMs: COMPRESS_DEADLINE_MS });
  await scene.context.run(spec, { signal: scene.context.signal });
  await rm(plain, { force: true });
}
