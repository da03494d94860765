import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { openExt4 } from '../../src/disks/ext4-reader.ts';
import { makeExt4, mke2fsIsMissing, readerOf } from '../host/ext4-image.ts';

const testHost = mke2fsIsMissing('random trees in ext4') ? test.skip : test;

/** A file of a tree: bytes with holes between, a link, or a directory of more. */
type Planted =
  | { readonly kind: 'file'; readonly pieces: readonly Buffer[]; readonly hole: number }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'directory'; readonly children: Readonly<Record<string, Planted>> };

const name = fc
  .string({ minLength: 1, maxLength: 40, unit: 'grapheme' })
  .filter((text) => !/[/\0]/.test(text) && !/^\.\.?$/.test(text) && text !== 'lost+found')
  .filter((text) => Buffer.byteLength(text) <= 255);
const piece = fc.tuple(fc.nat(255), fc.nat(9000)).map(([byte, length]) => Buffer.alloc(length, byte));
const tree = fc.letrec<{ node: Planted; directory: Planted }>((tie) => ({
  node: fc.oneof(
    fc.record({
      kind: fc.constant('file' as const),
      pieces: fc.array(piece, { maxLength: 3 }),
      hole: fc.nat(70_000),
    }),
    fc.record({ kind: fc.constant('link' as const), target: name }),
    tie('directory'),
  ),
  directory: fc.record({
    kind: fc.constant('directory' as const),
    children: fc.dictionary(name, tie('node'), { maxKeys: 8, noNullPrototype: true }),
  }),
})).directory;

/** Each piece, with a hole after it. */
function contentOf(file: Extract<Planted, { kind: 'file' }>): Buffer {
  return Buffer.concat(file.pieces.flatMap((bytes) => [bytes, Buffer.alloc(file.hole)]));
}

function plant(path: string, node: Planted): void {
  if (node.kind === 'link') symlinkSync(node.target, path);
  if (node.kind === 'file') plantFile(path, node);
  if (node.kind !== 'directory') return;
  mkdirSync(path);
  for (const [child, below] of Object.entries(node.children)) plant(join(path, child), below);
}

function plantFile(path: string, file: Extract<Planted, { kind: 'file' }>): void {
  writeFileSync(path, '');
  let position = 0;
  for (const bytes of file.pieces) {
    truncateSync(path, position);
    writeFileSync(path, bytes, { flag: 'a' });
    position += bytes.length + file.hole;
    truncateSync(path, position);
  }
}

function expected(path: string, node: Planted): string[] {
  if (node.kind === 'link') return [`${path} -> ${node.target}`];
  if (node.kind === 'file') return [`${path} = ${contentOf(node).toString('base64')}`];
  const below = Object.entries(node.children).flatMap(([child, inner]) =>
    expected(`${path}/${child}`, inner),
  );
  return [path, ...below];
}

async function found(image: string): Promise<string[]> {
  const { readAt, close } = await readerOf(image);
  const lines: string[] = [];
  const volume = await openExt4(readAt, 0);
  for await (const { path, type, inode, linkTarget } of volume.walk()) {
    if (path === '/lost+found') continue;
    const shown = path === '/' ? '' : path;
    if (type === 'symlink') lines.push(`${shown} -> ${linkTarget}`);
    else if (type === 'directory') lines.push(shown);
    else {
      const pieces: Buffer[] = [];
      for await (const bytes of volume.readStream(inode)) pieces.push(Buffer.from(bytes));
      lines.push(`${shown} = ${Buffer.concat(pieces).toString('base64')}`);
    }
  }
  await close();
  return lines;
}

describe('ext4', () => {
  testHost(
    'a random tree reads back as it was planted, whatever the block size and mapping',
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'mintmark-ext4-'));
      const layout = fc.constantFrom(['-b', '1024'], ['-b', '4096'], ['-b', '1024', '-O', '^extent,^64bit']);
      try {
        await fc.assert(
          fc.asyncProperty(tree, layout, async (root, args) => {
            const [source, image] = [join(directory, 'tree'), join(directory, 'image')];
            rmSync(source, { recursive: true, force: true });
            rmSync(image, { force: true });
            plant(source, root);
            makeExt4(source, image, { args, sizeMiB: 16 });
            expect((await found(image)).toSorted()).toEqual(expected('', root).toSorted());
          }),
          { numRuns: 40 },
        );
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
    120_000,
  );
});
