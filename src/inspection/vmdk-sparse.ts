import type { ImageCheck } from './image-check.ts';
import { hasFlag, TABLE_ENTRIES, VMDK_SECTOR_BYTES, type VmdkHeader } from './vmdk-header.ts';
import { grainCount, TABLE_BYTES, type GrainDirectory } from './vmdk-tables.ts';

/** Entry of a grain that reads as zeros, where the flag allows it. */
const ZEROED = 1;

/** Stored grains that are compared with one another: 1 TiB of the usual size, 64 KiB. */
const MOST_STORED_GRAINS = 16 * 1024 * 1024;

/** Checks the tables of uncompressed grains: each lies in the file, behind the overhead, and in no other. */
export async function checkGrains(
  header: VmdkHeader,
  directory: GrainDirectory,
  check: ImageCheck,
): Promise<number> {
  const places = await collectPlaces(header, directory, check);
  const sorted = places.toSorted();
  for (let index = 1; index < sorted.length; index += 1) {
    const [one = 0, two = 0] = [sorted[index - 1], sorted[index]];
    if (two - one < header.grainSectors) {
      check.damage(two * VMDK_SECTOR_BYTES, 'grain', `at sector ${two} overlaps the one at sector ${one}`);
    }
  }
  return places.length;
}

async function collectPlaces(
  header: VmdkHeader,
  directory: GrainDirectory,
  check: ImageCheck,
): Promise<Uint32Array> {
  // No more grains than this have room side by side; one more is enough to see that some overlap.
  const room = Math.floor(check.sizeBytes / (header.grainSectors * VMDK_SECTOR_BYTES)) + 2;
  const places = new Uint32Array(Math.min(room, grainCount(header), MOST_STORED_GRAINS));
  let count = 0;
  for (let index = 0; index < directory.length && count < places.length; index += 1) {
    const table = await directory.table(index);
    if (!table) continue;
    for (let at = 0; at < TABLE_BYTES && count < places.length; at += 4) {
      const sector = table.readUInt32LE(at);
      if (sector === 0 || (sector === ZEROED && hasFlag(header, 2))) continue;
      const grain = index * TABLE_ENTRIES + at / 4;
      if (
        isGrainSound({ sector, grain, at: directory.sectorOf(index) * VMDK_SECTOR_BYTES + at }, header, check)
      ) {
        places[count++] = sector;
      }
    }
  }
  if (count === MOST_STORED_GRAINS) {
    check.damage(
      header.offset + 12,
      'grain tables',
      `name more than the ${MOST_STORED_GRAINS} grains that are compared`,
    );
  }
  return places.subarray(0, count);
}

function isGrainSound(
  { sector, grain, at }: { sector: number; grain: number; at: number },
  header: VmdkHeader,
  check: ImageCheck,
): boolean {
  const field = `grain table entry of grain ${grain}`;
  // The last grain may be as short as the disk.
  const sectors = Math.min(header.grainSectors, header.capacity - grain * header.grainSectors);
  if (sectors <= 0) check.damage(at, field, `is sector ${sector}, though the disk ends before it`);
  else if (sector < header.overheadSectors) {
    check.damage(at, field, `is sector ${sector}, inside the overhead of ${header.overheadSectors}`);
  } else if ((sector + sectors) * VMDK_SECTOR_BYTES > check.sizeBytes) {
    check.damage(at, field, `is sector ${sector}, outside the file`);
  } else return true;
  return false;
}
