import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { checkImage } from '../../src/inspection/check-image.ts';
import { imageNameFault } from '../../src/inspection/image-name.ts';
import type { ImageReport } from '../../src/inspection/image-report.ts';
import { parseXml, XmlFault } from '../../src/inspection/xml-document.ts';
import { countingSource, NOW } from '../unit/inspection/check-buffer.ts';
import { sampleDisk, sampleOva } from '../unit/inspection/sample-ova.ts';
import { QCOW2_PLACES, sampleQcow2 } from '../unit/inspection/sample-qcow2.ts';
import { sampleFixedVhd, sampleVhd, VHD_PLACES } from '../unit/inspection/sample-vhd.ts';
import { sampleVhdx, VHDX_PLACES } from '../unit/inspection/sample-vhdx.ts';
import { sampleDescriptor, VMDK_PLACES } from '../unit/inspection/sample-vmdk.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** First and last byte of a piece of a file. */
type Range = readonly [from: number, to: number];

interface Sample {
  readonly bytes: Buffer;
  /** Where its structures begin and end. */
  readonly boundaries: readonly number[];
  /** All that is not data of the disk. */
  readonly metadata: readonly Range[];
  /** Of that, what no reader looks at, or where another value means the same. */
  readonly harmless: readonly Range[];
}

const vhd = sampleVhd({ blocks: [Buffer.from('one'), undefined] });
const fixed = sampleFixedVhd(Buffer.alloc(64 * KIB, 'data'));
const vmdk = sampleDisk();
const qcow2 = sampleQcow2();
const vhdx = sampleVhdx();
const ova = sampleOva();
const sector = (place: number): number => place * 512;
const cluster = (place: number): number => place * 4096;

const SAMPLES: Readonly<Record<string, Sample>> = {
  vhd: {
    bytes: vhd,
    boundaries: [...Object.values(VHD_PLACES), VHD_PLACES.blocks + 512, vhd.length - 512],
    metadata: [
      [0, VHD_PLACES.blocks - 1],
      [vhd.length - 512, vhd.length - 1],
    ],
    harmless: [
      // Behind the table's two entries; of the batmap: an older version, tapdisk's own marker and key, bits never summed.
      [VHD_PLACES.bat + 8, VHD_PLACES.batmapHeader - 1],
      [VHD_PLACES.batmapHeader + 20, VHD_PLACES.batmapHeader + 23],
      [VHD_PLACES.batmapHeader + 28, VHD_PLACES.batmapHeader + 93],
    ],
  },
  'fixed vhd': {
    bytes: fixed,
    boundaries: [fixed.length - 512],
    metadata: [[fixed.length - 512, fixed.length - 1]],
    harmless: [],
  },
  vmdk: {
    bytes: vmdk,
    boundaries: [...Object.values(VMDK_PLACES).map(sector), vmdk.length - 512],
    metadata: [[0, vmdk.length - 1]],
    harmless: [
      // A larger or smaller room for the same text, and the place of a copy that the flags say does not exist.
      [36, 43],
      [48, 55],
      // Another version of the text, and the end of its last line.
      [512 + 30, 512 + 30],
      [512 + sampleDescriptor(12_800).length - 1, 512 + sampleDescriptor(12_800).length - 1],
      // Behind the directory's only entry.
      [sector(VMDK_PLACES.directory) + 4, sector(VMDK_PLACES.table) - 1],
    ],
  },
  qcow2: {
    bytes: qcow2,
    boundaries: Object.values(QCOW2_PLACES).map(cluster),
    metadata: [[0, cluster(QCOW2_PLACES.first) - 1]],
    harmless: [
      // Length of a name and place of snapshots that do not exist; more entries of which all are empty.
      [16, 19],
      [36, 39],
      [64, 71],
      // What follows the extensions in the first cluster, and the rest of the first-level table's.
      [112, cluster(1) - 1],
      [cluster(QCOW2_PLACES.l1) + 8, cluster(QCOW2_PLACES.l2) - 1],
      // How many sectors the compressed data has: its own end decides.
      [cluster(QCOW2_PLACES.l2) + 72, cluster(QCOW2_PLACES.l2) + 72],
    ],
  },
  vhdx: {
    bytes: vhdx,
    boundaries: [64, 68, 128, 132, 192, 256, 320, ...Object.values(VHDX_PLACES).map((mib) => mib * KIB)].map(
      (kib) => kib * KIB,
    ),
    metadata: [
      [64 * KIB, 68 * KIB - 1],
      [128 * KIB, 132 * KIB - 1],
      [192 * KIB, 320 * KIB - 1],
      [VHDX_PLACES.bat * MIB, VHDX_PLACES.bat * MIB + 23],
      [VHDX_PLACES.metadata * MIB, VHDX_PLACES.metadata * MIB + 11],
      [VHDX_PLACES.metadata * MIB + 64 * KIB, VHDX_PLACES.metadata * MIB + 64 * KIB + 144],
    ],
    harmless: [
      // Blocks that are not stored may be so for other reasons, and their places mean nothing.
      [VHDX_PLACES.bat * MIB, VHDX_PLACES.bat * MIB + 7],
      [VHDX_PLACES.bat * MIB + 16, VHDX_PLACES.bat * MIB + 23],
      // Reserved, and what lies between items.
      [VHDX_PLACES.metadata * MIB + 8, VHDX_PLACES.metadata * MIB + 9],
      ...[8, 40, 68, 100].map((at): Range => {
        const start = VHDX_PLACES.metadata * MIB + 64 * KIB + at;
        return [start, start + (at < 64 ? 23 : 27)];
      }),
      [VHDX_PLACES.metadata * MIB + 64 * KIB + 144, VHDX_PLACES.metadata * MIB + 64 * KIB + 144],
    ],
  },
  ova: {
    bytes: ova,
    boundaries: Array.from({ length: ova.length / 512 }, (_, block) => block * 512),
    metadata: [[0, ova.length - 1]],
    harmless: [],
  },
};

async function check(bytes: Buffer): Promise<ImageReport> {
  const source = countingSource(bytes);
  const report = await checkImage(source, { now: NOW, deep: true });
  // A deep check reads data twice at most (as a part of an archive, and digested), tables a few times.
  expect(source.requestedBytes()).toBeLessThanOrEqual(8 * bytes.length + 4 * MIB);
  expect(source.largestRead()).toBeLessThanOrEqual(4 * MIB);
  return report;
}

const inside = (ranges: readonly Range[], at: number): boolean =>
  ranges.some(([from, to]) => at >= from && at <= to);

/** What a report tells, as text. */
const told = (report: ImageReport): string => JSON.stringify(report);

const whole = Object.fromEntries(
  await Promise.all(
    Object.entries(SAMPLES).map(async ([name, { bytes }]) => [name, await check(bytes)] as const),
  ),
);

describe.each(Object.entries(SAMPLES))('%s', (name, { bytes, boundaries, metadata, harmless }) => {
  test('is never taken for whole when it is cut', async () => {
    const lengths = fc.oneof(
      fc.constantFrom(...boundaries, 1, 511, 512, bytes.length - 1),
      fc.integer({ min: 1, max: bytes.length - 1 }),
    );
    await fc.assert(
      fc.asyncProperty(lengths, async (length) => {
        const report = await check(bytes.subarray(0, length));
        // A fixed VHD without its footer is a raw disk like any other.
        if (name === 'fixed vhd' && report.format === 'raw') return;
        // Without its last zeros, an archive still has all its files: that is said, too.
        expect(report.faults.length).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });

  test('one changed bit of its structures is noticed, or nobody looks at it', async () => {
    const places = fc.constantFrom(...metadata).chain(([from, to]) => fc.integer({ min: from, max: to }));
    await fc.assert(
      fc.asyncProperty(places, fc.integer({ min: 0, max: 7 }), async (at, bit) => {
        if (inside(harmless, at)) return;
        const original = bytes[at] ?? 0;
        bytes[at] = original ^ (1 << bit);
        try {
          const report = await check(bytes);
          expect(report.faults.length > 0 || told(report) !== told(whole[name] ?? report)).toBe(true);
        } finally {
          bytes[at] = original;
        }
      }),
      { numRuns: 250 },
    );
  });

  test('any number anywhere never makes it read outside, allocate without bound, or throw', async () => {
    const places = fc
      .constantFrom(...metadata)
      .chain(([from, to]) => fc.integer({ min: from, max: Math.max(from, to - 7) }));
    const values = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.constantFrom(0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n),
    );
    await fc.assert(
      fc.asyncProperty(places, values, fc.boolean(), async (at, value, little) => {
        const original = Buffer.from(bytes.subarray(at, at + 8));
        if (original.length < 8) return;
        if (little) bytes.writeBigUInt64LE(value, at);
        else bytes.writeBigUInt64BE(value, at);
        try {
          await check(bytes);
        } finally {
          original.copy(bytes, at);
        }
      }),
      { numRuns: 150 },
    );
  });
});

const MAGICS = [
  'QFI\xfb\0\0\0\x03',
  'QFI\xfb\0\0\0\x02',
  'conectix',
  'KDMV\x03\0\0\0',
  'vhdxfile',
  '# Disk DescriptorFile\n',
  '',
];

test('noise behind a magic number is never sound, never read outside, and never throws', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...MAGICS), fc.uint8Array({ maxLength: 4096 }), async (magic, noise) => {
      const report = await check(Buffer.concat([Buffer.from(magic, 'latin1'), Buffer.from(noise)]));
      if (magic !== '') expect(report.faults.length).toBeGreaterThan(0);
    }),
    { numRuns: 300 },
  );
});

test('XML is read or refused, whatever it is', () => {
  const words = fc.constantFrom(
    '<a>',
    '</a>',
    '<b c="1"/>',
    '&amp;',
    '&',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    'x',
    '<',
    '>',
    '"',
    '<!DOCTYPE',
    '<?xml?>',
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 20 }), (parts) => {
      try {
        parseXml(parts.join(''));
      } catch (error) {
        expect(error).toBeInstanceOf(XmlFault);
      }
    }),
  );
});

test('a name that is followed is relative and has no protocol', () => {
  const parts = fc.constantFrom('..', '.', '/', ':', 'nbd', 'json', 'file', 'a', '{', '"', '\0', ' ', '%3a');
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 6 }), (words) => {
      const name = words.join('');
      if (imageNameFault(name) !== undefined) return;
      expect(name).not.toMatch(/^\/|^[^/]*:|\0/);
      expect(name).not.toBe('');
    }),
  );
});
