import type { FileType } from './ext4-inode.ts';
import type { Ext4Entry } from './ext4-reader.ts';

/** A file of an image with the digest of its content. */
export interface ListedFile extends Pick<Ext4Entry, 'path' | 'type' | 'mode' | 'uid' | 'gid' | 'size'> {
  readonly linkTarget?: string | undefined;
  /** Of the content, lower-case hexadecimal; only files have one. */
  readonly sha256?: string | undefined;
}

/** The letters that `find -printf %y` uses. */
const LETTERS: Readonly<Record<FileType, string>> = {
  file: 'f',
  directory: 'd',
  symlink: 'l',
  'character-device': 'c',
  'block-device': 'b',
  fifo: 'p',
  socket: 's',
};

/**
 * `files.txt`: one line per file, `type mode uid gid size sha256 path`, for links also ` -> target`; sorted by path
 * in code-unit order. Type is a letter as of `find -printf %y`, mode four octal digits. What is not content is not
 * listed: size is 0 for all but files and links, the digest `-` for all but files, and there are no times. Extended
 * attributes, capabilities among them, are not listed either; the content digest of a release counts them.
 * In names blanks, control characters, backslashes and bytes that are no UTF-8 stand as `\xNN`.
 */
export function renderFileList(files: Iterable<ListedFile>): string {
  const lines = Array.from(files, (file) => ({ path: escapeName(file.path), file }));
  return lines
    .toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
    .map(({ path, file }) => `${renderLine(file, path)}\n`)
    .join('');
}

function renderLine(file: ListedFile, path: string): string {
  const hasContent = file.type === 'file' || file.type === 'symlink';
  const fields = [
    LETTERS[file.type],
    file.mode.toString(8).padStart(4, '0'),
    file.uid,
    file.gid,
    hasContent ? file.size : 0,
    file.sha256 ?? '-',
    path,
  ];
  return `${fields.join(' ')}${file.linkTarget === undefined ? '' : ` -> ${escapeName(file.linkTarget)}`}`;
}

/** Lone surrogates U+DC80 to U+DCFF stand for bytes that are no UTF-8; see `decodeName`. */
function escapeName(name: string): string {
  return name.replace(/[\0- \\\x7f]|[\uDC80-\uDCFF](?<![\uD800-\uDBFF][\uDC80-\uDCFF])/g, (character) => {
    return `\\x${(character.charCodeAt(0) & 0xff).toString(16).padStart(2, '0')}`;
  });
}
