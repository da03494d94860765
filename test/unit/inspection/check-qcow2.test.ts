import { describe, expect, test } from '@jest/globals';
import { checkBuffer, faultsOf } from './check-buffer.ts';
import { QCOW2_PLACES, sampleQcow2 } from './sample-qcow2.ts';

const CLUSTER = 4096;
const L2 = QCOW2_PLACES.l2 * CLUSTER;
const BLOCK = QCOW2_PLACES.refcountBlock * CLUSTER;
const COPIED = 1n << 63n;

function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = sampleQcow2();
  change(bytes);
  return bytes;
}

describe('checkQcow2', () => {
  test.each<{ because: string; image: () => Buffer; fault: RegExp }>([
    {
      because: 'version 4 does not exist',
      image: () => changed((bytes) => bytes.writeUInt32BE(4, 4)),
      fault: /^offset 4: version is 4/,
    },
    {
      because: 'clusters have 2 MiB at most',
      image: () => changed((bytes) => bytes.writeUInt32BE(22, 20)),
      fault: /^offset 20: cluster_bits is 22/,
    },
    {
      because: 'sectors have 512 bytes',
      image: () => changed((bytes) => bytes.writeBigUInt64BE(262_143n, 24)),
      fault: /^offset 24: size is 262143/,
    },
    {
      because: 'nobody has 8 PiB',
      image: () => changed((bytes) => bytes.writeBigUInt64BE(1n << 62n, 24)),
      fault: /size is above 8 PiB/,
    },
    {
      because: 'the table covers the disk',
      image: () => changed((bytes) => bytes.writeUInt32BE(0, 36)),
      fault: /l1_size is 0, not from 1/,
    },
    {
      because: 'a table of 32 GiB is none',
      image: () => changed((bytes) => bytes.writeUInt32BE(0xffffffff, 36)),
      fault: /l1_size is 4294967295/,
    },
    {
      because: 'the table is in the file',
      image: () => changed((bytes) => bytes.writeBigUInt64BE(1n << 40n, 40)),
      fault: /L1 table points at offset 1099511627776, outside/,
    },
    {
      because: 'tables begin with a cluster',
      image: () => changed((bytes) => bytes.writeBigUInt64BE(12_289n, 40)),
      fault: /l1_table_offset is 12289/,
    },
    {
      because: 'a refcount table of 8 MiB is enough',
      image: () => changed((bytes) => bytes.writeUInt32BE(1 << 20, 56)),
      fault: /refcount_table_clusters are 1048576/,
    },
    {
      because: 'refcounts have 64 bits at most',
      image: () => changed((bytes) => bytes.writeUInt32BE(7, 96)),
      fault: /refcount_order is 7/,
    },
    {
      because: 'the header has a length',
      image: () => changed((bytes) => bytes.writeUInt32BE(101, 100)),
      fault: /header_length is 101/,
    },
    {
      because: 'unknown bits forbid to read',
      image: () => sampleQcow2({ incompatible: 1 << 7 }),
      fault: /^offset 72: incompatible_features have the unknown bit 7/,
    },
    {
      because: 'corrupt is corrupt',
      image: () => sampleQcow2({ incompatible: 2 }),
      fault: /call the image corrupt/,
    },
    {
      because: 'a compression needs its name',
      image: () => sampleQcow2({ incompatible: 8 }),
      fault: /compression_type is 0/,
    },
    {
      because: 'nobody has the key',
      image: () => changed((bytes) => bytes.writeUInt32BE(2, 32)),
      fault: /the image is encrypted/,
    },
    {
      because: 'an extension ends in the first cluster',
      image: () => changed((bytes) => bytes.writeBigUInt64BE(0x6803f857_ffffffffn, 104)),
      fault: /header extension of type 0x6803f857 has 4294967295 bytes/,
    },
    {
      because: 'each L2 table is its own',
      image: () =>
        changed((bytes) => {
          bytes.writeBigUInt64BE(262_144n * 512n, 24);
          bytes.writeUInt32BE(64, 36);
          bytes.writeBigUInt64BE(COPIED | BigInt(L2), QCOW2_PLACES.l1 * CLUSTER + 8);
        }),
      fault: /L1 entry 1 points at offset 16384, no cluster of its own/,
    },
    {
      because: 'reserved bits are zero',
      image: () => changed((bytes) => bytes.writeUInt8(0x81, L2)),
      fault: /cluster 0 has reserved bits/,
    },
    {
      because: 'each cluster is its own',
      image: () =>
        changed((bytes) => bytes.writeBigUInt64BE(COPIED | BigInt(QCOW2_PLACES.first * CLUSTER), L2 + 8)),
      fault: /cluster 1 uses the cluster at 20480, which is data already/,
    },
    {
      because: 'data does not lie in the tables',
      image: () => changed((bytes) => bytes.writeBigUInt64BE(COPIED | BigInt(L2), L2 + 8)),
      fault: /cluster 1 uses the cluster at 16384, which is metadata already/,
    },
    {
      because: 'data is in the file',
      image: () => changed((bytes) => bytes.writeBigUInt64BE(COPIED | (1n << 40n), L2 + 8)),
      fault: /cluster 1 points at offset 1099511627776, outside/,
    },
    {
      because: 'data begins with a cluster',
      image: () => changed((bytes) => bytes.writeBigUInt64BE(COPIED | 20_992n, L2)),
      fault: /cluster 0 points at offset 20992, no cluster's start/,
    },
    {
      because: 'compressed data is in the file',
      image: () => changed((bytes) => bytes.writeBigUInt64BE((1n << 62n) | (1n << 40n), L2 + 9 * 8)),
      fault: /compressed cluster 9 points at offset 1099511627776, outside/,
    },
    {
      because: 'compressed data inflates',
      image: () => changed((bytes) => bytes.fill(0xff, QCOW2_PLACES.compressed * CLUSTER)),
      fault: /compressed cluster 9 does not inflate/,
    },
    {
      because: 'what is used is counted',
      image: () => changed((bytes) => bytes.writeUInt16BE(0, BLOCK + QCOW2_PLACES.first * 2)),
      fault: /refcount of cluster 5 is 0, but 1 entries use it/,
    },
    {
      because: 'what is counted is used',
      image: () => changed((bytes) => bytes.writeBigUInt64BE(0n, L2)),
      fault: /refcount of cluster 5 is 1, but 0 entries use it/,
    },
    {
      because: 'what is counted is in the file',
      image: () => changed((bytes) => bytes.writeUInt16BE(1, BLOCK + 100)),
      fault: /^offset 8292: refcount of cluster 50, outside the file, is 1/,
    },
    {
      because: 'the highest bit repeats the refcount',
      image: () => changed((bytes) => bytes.writeUInt8(0, L2)),
      fault: /cluster 0 is not marked as used once/,
    },
    {
      because: 'the disk has an end',
      image: () => changed((bytes) => bytes.writeBigUInt64BE(BigInt(6 * CLUSTER), 24)),
      fault: /cluster 9 is set, though the disk ends after 6/,
    },
    {
      because: 'a template has no snapshots',
      image: () => changed((bytes) => bytes.writeUInt32BE(70_000, 60)),
      fault: /nb_snapshots is 70000, more than/,
    },
  ])('$because', async ({ image, fault }) => {
    expect(await faultsOf(image())).toContainEqual(expect.stringMatching(fault));
  });

  test('tells the names of other files, whatever they are', async () => {
    const backing = { name: 'json:{"file.driver":"nbd"}', format: 'raw' };
    expect((await checkBuffer(sampleQcow2({ backing }))).references).toEqual([
      { kind: 'backing file', ...backing },
    ]);
    const { references, faults } = await checkBuffer(sampleQcow2({ dataFile: '/etc/shadow' }));
    expect(references).toEqual([{ kind: 'data file', name: '/etc/shadow', format: 'raw' }]);
    expect(faults).toContainEqual(expect.objectContaining({ field: 'external data file', kind: 'rule' }));
  });

  test('an unstated format of a backing file is a fault: QEMU would guess it from content', async () => {
    expect(await faultsOf(sampleQcow2({ backing: { name: 'base.img' } }))).toContainEqual(
      expect.stringMatching(/backing file format is not stated/),
    );
  });
});
