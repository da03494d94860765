import type { InstalledPackage } from '../packages/dpkg-status.ts';
import { parseSealedJson, renderSealedJson } from '../values/sealed-json.ts';

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
  return renderSealedJson(entry);
}

/** Reads `entry.json`; undefined when it is damaged, of another schema or for another key. */
export function parseBaseEntry(text: string, key: string): BaseEntry | undefined {
  const isEntry = (value: object): value is BaseEntry =>
    'schema' in value && value.schema === 1 && 'key' in value && value.key === key;
  return parseSealedJson(text, isEntry);
}
