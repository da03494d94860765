import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../errors/failure.ts';
import { RUN_FILES } from '../packer/qemu-source.ts';

/**
 * Runs a test whose machines lie in a directory that is removed afterwards; when it ends in a failure, because QEMU was
 * killed or this host has no room left, what the machines had said is kept, and the failure says where. Raises what the
 * test raises.
 *
 * @param work directory of the machines' directories
 * @param kept where their consoles go, as `<machine>.serial.log`
 */
export async function keepingConsoles<T>(work: string, kept: string, test: () => Promise<T>): Promise<T> {
  try {
    return await test();
  } catch (error) {
    if (!(error instanceof Failure) || error.kind === 'interrupted') throw error;
    const { kind, code, message, hint, details, cause } = error;
    const names = await copyConsoles(work, kept);
    if (names.length === 0) throw error;
    throw new Failure(kind, code, message, {
      ...(hint === undefined ? {} : { hint }),
      details,
      cause,
      facts: [
        ...error.facts.filter(({ label }) => label !== 'log'),
        { label: 'evidence', lines: names.map((name) => join(kept, name)) },
      ],
      evidence: { ...error.evidence, directory: kept },
    });
  }
}

/** A disk that is full must not hide why. */
async function copyConsoles(work: string, kept: string): Promise<string[]> {
  const names: string[] = [];
  await mkdir(kept, { recursive: true }).catch(() => undefined);
  for (const machine of (await readdir(work).catch((): string[] => [])).toSorted()) {
    for (const file of [RUN_FILES.serial, RUN_FILES.firmware]) {
      const name = `${machine}.${file}`;
      const isKept = await copyFile(join(work, machine, file), join(kept, name)).then(
        () => true,
        () => false,
      );
      if (isKept) names.push(name);
    }
  }
  return names;
}
