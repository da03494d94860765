import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { childEnvironment } from './child-environment.ts';
import { missingTool } from './command-failures.ts';

/**
 * The absolute path of a program, as the programs we run would find it: on PATH, then in the system directories.
 * A name with a slash is returned as it is when it can be executed. Raises `E_TOOL_MISSING`.
 */
export async function findProgram(
  name: string,
  path: string | undefined = process.env['PATH'],
): Promise<string> {
  const found = await findProgramIfAny(name, path);
  if (found === undefined) throw missingTool({ command: name });
  return found;
}

/** Like {@link findProgram}, but undefined when there is no such program. */
export async function findProgramIfAny(
  name: string,
  path: string | undefined = process.env['PATH'],
): Promise<string | undefined> {
  if (name.includes('/')) return (await isExecutableFile(name)) ? name : undefined;
  const searched = childEnvironment(path === undefined ? {} : { PATH: path })['PATH'] ?? '';
  for (const directory of searched.split(':')) {
    const candidate = join(directory === '' ? '.' : directory, name);
    if (await isExecutableFile(candidate)) return candidate;
  }
  return undefined;
}

async function isExecutableFile(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
