import { createHash, randomBytes } from 'node:crypto';
import type { ClosurePackage } from '../../src/bases/closure.ts';

/** A flat package repository in memory; apt downloads its packages, which nothing could install. */
export interface SmallRepository {
  /** Contents by path. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly packages: readonly ClosurePackage[];
}

/** Makes a repository of packages of these sizes, by name, in bytes. */
export function makeRepository(sizes: Readonly<Record<string, number>>): SmallRepository {
  const files = new Map<string, Buffer>();
  const packages: ClosurePackage[] = [];
  const paragraphs: string[] = [];
  for (const [name, sizeBytes] of Object.entries(sizes)) {
    const file = `${name}_1_all.deb`;
    const bytes = randomBytes(sizeBytes);
    const sha256 = digest(bytes);
    files.set(`/pool/${file}`, bytes);
    packages.push({ name, version: '1', architecture: 'all', sha256, sizeBytes, file });
    paragraphs.push(
      `Package: ${name}\nVersion: 1\nArchitecture: all\nFilename: pool/${file}\nSize: ${sizeBytes}\nSHA256: ${sha256}\n`,
    );
  }
  const index = Buffer.from(paragraphs.join('\n'));
  files.set('/Packages', index);
  const release = `Suite: lab\nDate: Sat, 21 Nov 2026 07:00:00 UTC\nSHA256:\n ${digest(index)} ${index.length} Packages\n`;
  files.set('/Release', Buffer.from(release));
  return { files, packages };
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
