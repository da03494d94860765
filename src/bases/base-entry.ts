import type { InstalledPackage } from '../packages/dpkg-status.ts';
import { digestOfValue } from '../values/digest.ts';

/** Files of a cached base disk, by role. */
export const BASE_FILES = {
  disk: 'base.qcow2',
  kernel: 'vmlinuz',
  initrd: 'microvm.cpio.gz',
  changelogs: 'changelogs.tar.zst',
} as const;

/** Role of a file in a base entry. */
export type BaseFile = keyof typeof BASE_FILES;

/** What a cached base disk is, stored beside it as `entry.json`. */
export interface BaseEntry {
  readonly schema: 1;
  readonly key: string;
  readonly method: 'bootstrap';
  readonly created: string;
  readonly rootUuid: string;
  /** Where the root filesystem begins, in bytes from the start of the disk. */
  readonly rootOffsetBytes: number;
  readonly virtualSizeBytes: number;
  readonly files: Readonly<Record<BaseFile, { readonly sha256: string; readonly sizeBytes: number }>>;
  readonly packages: readonly Pick<InstalledPackage, 'name' | 'version' | 'architecture'>[];
}

/** The text of `entry.json`; it holds its own digest, so that damage is seen before anything in it is believed. */
export function renderBaseEntry(entry: BaseEntry): string {
  return `${JSON.stringify({ sha256: digestOfValue(entry), entry }, null, 2)}\n`;
}

/** Reads `entry.json`; undefined when it is damaged, of another schema or for another key. */
export function parseBaseEntry(text: string, key: string): BaseEntry | undefined {
  try {
    const { sha256, entry } = JSON.parse(text) as { sha256: string; entry: BaseEntry };
    return digestOfValue(entry) === sha256 && entry.schema === 1 && entry.key === key ? entry : undefined;
  } catch {
    return undefined;
  }
}
