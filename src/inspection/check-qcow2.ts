import { BOOT_RECORD_BYTES, readBootRecord } from './boot-record.ts';
import { readBig64, type ImageCheck } from './image-check.ts';
import type { Findings } from './image-report.ts';
import { ClusterWalk, readFirstCluster, type L1Table } from './qcow2-clusters.ts';
import { MOST_L1_ENTRIES, readQcow2Header, type Qcow2Header } from './qcow2-header.ts';
import { ClusterUsage, readRefcounts } from './qcow2-usage.ts';

/** Snapshots that are looked at; a template has none. */
const MOST_SNAPSHOTS = 16;

/** Fixed part of a snapshot's table entry, and what follows it at most, in bytes (docs/interop/qcow2, "Snapshots"). */
const SNAPSHOT_BYTES = 40;
const MOST_SNAPSHOT_TAIL_BYTES = 1024 + 2 * 65536;

/**
 * Checks a qcow2, version 2 or 3: header, features and extensions, both levels of tables, refcounts against real
 * use, snapshots; when deep, whether compressed clusters inflate (zlib only). Source: QEMU's docs/interop/qcow2.
 */
export async function checkQcow2(check: ImageCheck): Promise<Findings> {
  const header = await readQcow2Header(check);
  if (!header) return {};
  const described = describeHeader(header);
  const usage = ClusterUsage.open(header, check);
  if (!usage) return described;
  usage.use({ offset: 0, length: header.clusterBytes }, 'metadata', { at: 0, field: 'header' });
  await readRefcounts(header, usage, check);
  const active: L1Table = {
    offset: header.l1Offset,
    entries: header.l1Entries,
    field: 'L1 table',
    shared: header.snapshotCount > 0,
  };
  const counts = await new ClusterWalk(header, usage, check).walk(active);
  await walkSnapshots(header, usage, check);
  // What bitmaps and encryption keep in clusters of their own is not looked at.
  usage.compare(!header.features.includes('bitmaps') && header.encryption === 0);
  const start = await readFirstCluster(header, check);
  const boot = readBootRecord(start?.subarray(0, BOOT_RECORD_BYTES));
  return {
    ...described,
    allocatedBytes: (counts.plain + counts.compressed) * header.clusterBytes,
    features: [
      ...described.features,
      ...(counts.compressed > 0 ? [`${counts.compressed} compressed clusters`] : []),
      ...(counts.zero > 0 ? [`${counts.zero} zero clusters`] : []),
    ],
    ...(boot === undefined ? {} : { boot }),
  };
}

function describeHeader(header: Qcow2Header): Findings & { features: readonly string[] } {
  const compression = header.compressionType === 1 ? 'zstd' : 'zlib';
  return {
    subformat: header.version === 2 ? 'compat 0.10' : 'compat 1.1',
    virtualSizeBytes: header.virtualSizeBytes,
    blockBytes: header.clusterBytes,
    features: [
      ...header.features,
      ...(header.features.includes('compression type') ? [compression] : []),
      ...(header.snapshotCount > 0 ? [`${header.snapshotCount} snapshots`] : []),
      ...(header.encryption > 0 ? ['encrypted'] : []),
    ],
    references: header.references,
  };
}

async function walkSnapshots(header: Qcow2Header, usage: ClusterUsage, check: ImageCheck): Promise<void> {
  if (header.snapshotCount === 0) return;
  check.breach(60, 'nb_snapshots', `is ${header.snapshotCount}: a template has none`);
  if (header.snapshotCount > MOST_SNAPSHOTS) {
    check.damage(
      60,
      'nb_snapshots',
      `is ${header.snapshotCount}, more than the ${MOST_SNAPSHOTS} that are looked at`,
    );
    return;
  }
  let offset = header.snapshotsOffset;
  for (let index = 0; index < header.snapshotCount; index += 1) {
    const field = `snapshot ${index}`;
    const bytes = await check.read(offset, SNAPSHOT_BYTES, field);
    if (!bytes) return;
    const table = { offset: readBig64(bytes, 0), entries: bytes.readUInt32BE(8), field, shared: true };
    if (table.offset % header.clusterBytes !== 0 || table.entries > MOST_L1_ENTRIES) {
      check.damage(offset, field, `has a table of ${table.entries} entries at ${table.offset}`);
      return;
    }
    await new ClusterWalk(header, usage, check).walk(table);
    const tail = bytes.readUInt16BE(12) + bytes.readUInt16BE(14) + bytes.readUInt32BE(36);
    if (tail > MOST_SNAPSHOT_TAIL_BYTES) {
      check.damage(offset + 36, field, `has ${tail} bytes of name and more`);
      return;
    }
    offset += Math.ceil((SNAPSHOT_BYTES + tail) / 8) * 8;
  }
  const length = offset - header.snapshotsOffset;
  usage.use({ offset: header.snapshotsOffset, length }, 'metadata', { at: 64, field: 'snapshot table' });
}
