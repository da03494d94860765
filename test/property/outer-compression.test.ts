import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { combineCrc32 } from '../../src/disks/crc32.ts';
import { run } from '../../src/host/run.ts';
import { compressFile, type OuterFormat } from '../../src/workflows/compress-file.ts';
import { SEGMENT_BYTES } from '../../src/workflows/deflate-file.ts';
import { verifyCompressed } from '../../src/workflows/verify-compressed.ts';

test('combineCrc32 gives what one pass over both pieces gives', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array({ maxLength: 5000 }), (first, second) => {
      const whole = crc32(Buffer.concat([first, second]));
      expect(combineCrc32(crc32(first), crc32(second), second.length)).toBe(whole);
    }),
  );
});

/** Stretches whose ends fall on and around those of segments. */
const stretch = fc.record({
  length: fc.oneof(
    fc.nat(5000),
    fc.nat(SEGMENT_BYTES),
    fc.integer({ min: -1, max: 1 }).map((more) => SEGMENT_BYTES + more),
  ),
  kind: fc.constantFrom('zeros' as const, 'text' as const, 'noise' as const),
  seed: fc.nat(),
});
const content = fc.array(stretch, { maxLength: 4 }).map((all) => Buffer.concat(all.map(render)));

function render({ length, kind, seed }: { length: number; kind: string; seed: number }): Buffer {
  if (kind === 'zeros') return Buffer.alloc(length);
  if (kind === 'text') return Buffer.alloc(length, `line ${seed}\n`);
  return createHash('shake256', { outputLength: Math.max(1, length) })
    .update(`${seed}`)
    .digest()
    .subarray(0, length);
}

const UNPACK: Readonly<Record<OuterFormat, readonly [string, ...string[]]>> = {
  gz: ['gzip', '-dc'],
  bz2: ['bzip2', '-dc'],
  xz: ['xz', '-dc'],
  zst: ['zstd', '-dcq'],
  zip: ['unzip', '-p'],
};
const programs = ['qemu-img', 'lbzip2', ...Object.values(UNPACK).map(([program]) => program)];
const missing = programs.filter((name) => spawnSync(name, ['--version']).error !== undefined);
if (missing.length > 0)
  process.stderr.write(`skipped: random contents compressed: ${missing.join(', ')} not installed\n`);

(missing.length > 0 ? describe.skip : describe)('random contents', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'mintmark-contents-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test.each<OuterFormat>(['gz', 'bz2', 'xz', 'zst', 'zip'])(
    'come back out of a %s',
    async (outer) => {
      const [program, ...args] = UNPACK[outer];
      const [path, out] = [join(directory, 'content'), join(directory, `content.${outer}`)];
      await fc.assert(
        fc.asyncProperty(content, async (bytes) => {
          writeFileSync(path, bytes);
          await compressFile(path, out, { outer, memberName: 'a disk.vhd', run });
          expect(execFileSync(program, [...args, out], { maxBuffer: 2 ** 25 }).equals(bytes)).toBe(true);
          const sha256 = createHash('sha256').update(bytes).digest('hex');
          await verifyCompressed(out, outer, { sizeBytes: bytes.length, sha256 });
        }),
        { numRuns: 8 },
      );
    },
    120_000,
  );
});
