import { createHash } from 'node:crypto';
import type { Ext4Entry, Ext4FileSystem } from '../disks/ext4-reader.ts';
import { isKeptText, type GuestFile } from '../guest/guest-file.ts';
import { isDatabaseFile } from '../packages/package-database.ts';

/** How a reading is watched. */
export interface ReadGuestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes of file content read so far and in all. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

/** Files digested side by side: enough to hide the latency of small reads. */
const PARALLEL_FILES = 4;

/** One entry per inode: hard links are one content. */
export function distinctFiles(entries: readonly Ext4Entry[]): Ext4Entry[] {
  const files = entries.filter(({ type }) => type === 'file');
  return Array.from(new Map(files.map((entry) => [entry.inode, entry])).values());
}

/** Digests of one content. */
export type Digests = Required<Pick<GuestFile, 'sha256' | 'md5'>>;

/** What one pass over all content gives, by inode. */
export interface ReadContents {
  readonly digests: ReadonlyMap<number, Digests>;
  readonly texts: ReadonlyMap<number, string>;
}

/** Digests every content once, in the order of inodes, which is near the order on disk; keeps the texts that are wanted. */
export async function readContents(
  volume: Ext4FileSystem,
  entries: readonly Ext4Entry[],
  { signal, onProgress }: ReadGuestOptions,
): Promise<ReadContents> {
  const digests = new Map<number, Digests>();
  const texts = new Map<number, string>();
  const wanted = new Set(entries.filter(isWantedText).map(({ inode }) => inode));
  const files = distinctFiles(entries).toSorted((a, b) => a.inode - b.inode);
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
  let doneBytes = 0;
  const queue = files.values();
  const work = async (): Promise<void> => {
    for (const { inode } of queue) {
      const content = new ContentReader(wanted.has(inode));
      for await (const piece of volume.readStream(inode)) {
        signal?.throwIfAborted();
        content.take(piece);
        doneBytes += piece.length;
      }
      digests.set(inode, content.digests());
      const text = content.text();
      if (text !== undefined) texts.set(inode, text);
      onProgress?.(doneBytes, totalBytes);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_FILES }, work));
  return { digests, texts };
}

/** Digests content as it comes by; keeps it where it is wanted. */
class ContentReader {
  // MD5 is what dpkg records of its files; it proves nothing against an attacker and is not meant to.
  readonly #hashes = { sha256: createHash('sha256'), md5: createHash('md5') };
  readonly #pieces: Buffer[] | undefined;

  constructor(keeps: boolean) {
    this.#pieces = keeps ? [] : undefined;
  }

  take(piece: Buffer): void {
    this.#hashes.sha256.update(piece);
    this.#hashes.md5.update(piece);
    this.#pieces?.push(Buffer.from(piece));
  }

  digests(): Digests {
    return { sha256: this.#hashes.sha256.digest('hex'), md5: this.#hashes.md5.digest('hex') };
  }

  /** Undefined for what nobody wants and for what is no text. */
  text(): string | undefined {
    const bytes = this.#pieces && Buffer.concat(this.#pieces);
    return bytes === undefined || bytes.includes(0) ? undefined : bytes.toString('utf8');
  }
}

function isWantedText(entry: Ext4Entry): boolean {
  return isKeptText(entry) || (entry.type === 'file' && isDatabaseFile(entry.path));
}

/** Texts of the files that are meant, by path; hard links share one. */
export function textsWhere(
  entries: readonly Ext4Entry[],
  texts: ReadonlyMap<number, string>,
  isMeant: (entry: Ext4Entry) => boolean,
): ReadonlyMap<string, string> {
  return new Map(
    entries.filter(isMeant).flatMap(({ path, inode }) => {
      const text = texts.get(inode);
      return text === undefined ? [] : [[path, text] as const];
    }),
  );
}
