import type { Fault } from '../errors/fault.ts';
import { carriageOf } from '../hcl/literal.ts';
import type { ProfileFile } from '../profiles/profile.ts';
import { quoteForShell } from '../values/command-spec.ts';
import { ordinal, slugOf, type PlannedFile } from './planned-file.ts';
import { posix } from 'node:path';

/** A file of the profile, under the name that it travels by. */
export interface PlacedFile {
  readonly file: PlannedFile;
  /** Name within the directory that is uploaded. */
  readonly name: string;
  /** Absolute path in the guest. */
  readonly destination: string;
  /** Octal, such as `0644`. */
  readonly mode: string;
}

/** The profile's files as files of the project, below `files/`. */
export function planPlacedFiles(files: readonly ProfileFile[], faults: Fault[]): PlacedFile[] {
  return files.map((file, index) => {
    faults.push(...refusals(file, `.files[${index}]`));
    const name = `${ordinal(index + 1, files.length)}-${slugOf(posix.basename(file.path))}`;
    const path = `files/${name}`;
    const planned: PlannedFile =
      file.source === undefined
        ? { path, mode: 0o644, content: file.content ?? '' }
        : { path, mode: 0o644, copyOf: file.source };
    return { file: planned, name, destination: file.path, mode: file.mode };
  });
}

/** The script that puts uploaded files where they belong, owned by root. */
export function placedFilesScript(files: readonly PlacedFile[], uploadDirectory: string): string {
  const lines = files.map(({ name, destination, mode }) => {
    return `place ${mode} ${name} ${quoteForShell(destination)}\n`;
  });
  return [
    '#!/bin/sh -e\n',
    '# Puts the files of the profile where they belong: mode, name in the upload, path in the guest.\n',
    `cd ${uploadDirectory}\n`,
    'place() {\n  install -D -T -o root -g root -m "$1" -- "$2" "$3"\n}\n',
    ...lines,
  ].join('');
}

function refusals(file: ProfileFile, path: string): Fault[] {
  const faults: Fault[] = [];
  for (const field of ['path', 'content'] as const) {
    const carriage = carriageOf(file[field] ?? '');
    if (carriage.way === 'refused') faults.push({ path: `${path}.${field}`, message: carriage.reason });
  }
  if (!/^[0-7]{3,4}$/.test(file.mode)) {
    faults.push({
      path: `${path}.mode`,
      message: `must be octal permissions; found ${JSON.stringify(file.mode)}`,
    });
  }
  return faults;
}
