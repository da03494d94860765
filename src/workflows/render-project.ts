import { randomBytes } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '../errors/failure.ts';
import { InvalidDocument, type Fault } from '../errors/fault.ts';
import { isSystemError } from '../host/files.ts';
import type { PackerDialect } from '../packer/dialect.ts';
import type { PlannedFile } from '../packer/planned-file.ts';
import { planPackerProject, type PackerProject } from '../packer/project.ts';
import { PROJECT_TEMPLATES, type ProjectTemplate } from '../packer/render-templates.ts';
import type { Profile } from '../profiles/profile.ts';

/** Handlebars templates of projects; the same place seen from `src` and from `dist`. */
const TEMPLATES_DIRECTORY = join(import.meta.dirname, '../../packer-templates');

/**
 * Plans a profile's Packer project, with the templates and scripts it needs read from disk.
 * Raises `E_PROFILE_INVALID` for scripts that cannot be read and values that Packer could not carry.
 */
export async function readAndPlanProject(profile: Profile, dialect: PackerDialect): Promise<PackerProject> {
  const [templates, scripts] = await Promise.all([readTemplates(), readScripts(profile)]);
  return planPackerProject(profile, { dialect, templates, scripts });
}

/**
 * Writes a project to a directory that does not exist yet, or is empty. It appears there whole or not at all.
 * Raises `E_OUTPUT_EXISTS` when the directory holds something.
 */
export async function writeProject(project: Pick<PackerProject, 'files'>, directory: string): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  const temporary = `${directory}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await mkdir(temporary);
    for (const file of project.files) await writePlannedFile(file, temporary);
    await removeEmptyDirectory(directory);
    await rename(temporary, directory);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function readTemplates(): Promise<Record<ProjectTemplate, string>> {
  const [main = '', plugins = '', readme = ''] = await Promise.all(PROJECT_TEMPLATES.map(readTemplate));
  return { 'mintmark.pkr.hcl': main, 'plugins.pkr.hcl': plugins, 'README.md': readme };
}

function readTemplate(name: ProjectTemplate): Promise<string> {
  return readFile(join(TEMPLATES_DIRECTORY, `${name}.hbs`), 'utf8');
}

/** Text of every script of a profile, by the name the profile uses. */
async function readScripts(profile: Profile): Promise<Map<string, string>> {
  const scripts = new Map<string, string>();
  const faults: Fault[] = [];
  for (const [index, step] of profile.provisioners.entries()) {
    if (step.type !== 'shell' || step.script === undefined) continue;
    const read = await readScript(step.script);
    if ('text' in read) scripts.set(step.script, read.text);
    else faults.push({ path: `.provisioners[${index}].script`, message: read.message });
  }
  if (faults.length > 0) throw new InvalidDocument(`profile ${JSON.stringify(profile.name)}`, faults);
  return scripts;
}

async function readScript(path: string): Promise<{ text: string } | { message: string }> {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path)) };
  } catch (error) {
    if (isSystemError(error, 'ERR_ENCODING_INVALID_ENCODED_DATA')) {
      return { message: `is not UTF-8 text; found ${JSON.stringify(path)}` };
    }
    if (!isSystemError(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EISDIR', 'ELOOP')) throw error;
    return { message: `cannot be read (${error.code}); found ${JSON.stringify(path)}` };
  }
}

async function writePlannedFile(file: PlannedFile, directory: string): Promise<void> {
  const path = join(directory, file.path);
  await mkdir(dirname(path), { recursive: true });
  if ('content' in file) await writeFile(path, file.content);
  else await copyFile(file.copyOf, path);
  // Not by the mode of creation, which the caller's umask would change.
  if (file.mode !== undefined) await chmod(path, file.mode);
}

async function removeEmptyDirectory(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return;
    if (!isSystemError(error, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR')) throw error;
    throw new Failure('usage', 'E_OUTPUT_EXISTS', `${directory} exists and is not an empty directory`, {
      hint: 'name another directory, or remove it first',
    });
  }
}
