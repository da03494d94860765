import { Failure } from '../errors/failure.ts';
import type { FileType } from './ext4-inode.ts';
import type { ListedFile } from './file-list.ts';

/** A line of `files.txt`. Names stay as they are written there, with `\xNN`: distinct, in order, and harmless to print. */
export type FileListEntry = ListedFile;

const TYPES: Readonly<Record<string, FileType>> = {
  f: 'file',
  d: 'directory',
  l: 'symlink',
  c: 'character-device',
  b: 'block-device',
  p: 'fifo',
  s: 'socket',
};

const LINE = /^([fdlcbps]) ([0-7]{4}) (\d+) (\d+) (\d+) (-|[0-9a-f]{64}) (\/[^ ]*)(?: -> ([^ ]+))?$/;

/**
 * Reads what `renderFileList` wrote. There is one line for each name: a file with two names is told twice, and nothing
 * tells that it takes its space once.
 *
 * Raises `E_FILE_LIST_INVALID` with the line's number, also for a text that ends within a line or has no line at all.
 */
export function parseFileList(text: string, subject = 'files.txt'): FileListEntry[] {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw invalid(`${subject} ends within line ${lines.length + 1}`);
  if (lines.length === 0) throw invalid(`${subject} is empty`);
  return lines.map((line, index) => {
    const entry = parseLine(line);
    if (entry === undefined) throw invalid(`${subject}: line ${index + 1} is no line of a file list`);
    return entry;
  });
}

function parseLine(line: string): FileListEntry | undefined {
  const [, letter = '', mode = '', uid, gid, size, sha256, path = '', linkTarget] = LINE.exec(line) ?? [];
  const type = TYPES[letter];
  if (type === undefined) return undefined;
  return {
    type,
    mode: Number.parseInt(mode, 8),
    uid: Number(uid),
    gid: Number(gid),
    size: Number(size),
    path,
    ...(sha256 === '-' ? {} : { sha256 }),
    ...(linkTarget === undefined ? {} : { linkTarget }),
  };
}

function invalid(message: string): Failure {
  return new Failure('conflict', 'E_FILE_LIST_INVALID', message);
}
