import { readText, type ImageCheck } from './image-check.ts';
import { TABLE_ENTRIES, VMDK_SECTOR_BYTES, type VmdkHeader } from './vmdk-header.ts';

/** Bytes of one grain table. */
export const TABLE_BYTES = TABLE_ENTRIES * 4;

/** A grain directory: where each grain table is. */
export class GrainDirectory {
  readonly #check: ImageCheck;
  readonly #tables: Uint32Array;
  #open: { readonly index: number; readonly entries: Buffer | undefined } | undefined;

  constructor(tables: Uint32Array, check: ImageCheck) {
    this.#tables = tables;
    this.#check = check;
  }

  /** Number of grain tables. */
  get length(): number {
    return this.#tables.length;
  }

  /** First sector of a table; 0 when there is none. */
  sectorOf(index: number): number {
    return this.#tables[index] ?? 0;
  }

  /** A grain table; undefined when there is none or it cannot be read. The last one is kept. */
  async table(index: number): Promise<Buffer | undefined> {
    if (this.#open?.index === index) return this.#open.entries;
    const sector = this.sectorOf(index);
    const entries =
      sector === 0
        ? undefined
        : await this.#check.read(sector * VMDK_SECTOR_BYTES, TABLE_BYTES, `grain table ${index}`);
    this.#open = { index, entries };
    return entries;
  }

  /** Sector of a grain; 0 when it is not stored, undefined when its table cannot be read. */
  async entry(grain: number): Promise<number | undefined> {
    const table = await this.table(Math.floor(grain / TABLE_ENTRIES));
    if (this.sectorOf(Math.floor(grain / TABLE_ENTRIES)) === 0) return 0;
    return table?.readUInt32LE((grain % TABLE_ENTRIES) * 4);
  }
}

/** Number of grains of a disk. */
export function grainCount({ capacity, grainSectors }: VmdkHeader): number {
  return Math.ceil(capacity / grainSectors);
}

/** Reads a grain directory and checks that every table has a place of its own within the file. */
export async function readDirectory(
  header: VmdkHeader,
  at: { readonly sector: number; readonly field: string },
  check: ImageCheck,
): Promise<GrainDirectory | undefined> {
  const count = Math.ceil(grainCount(header) / TABLE_ENTRIES);
  const offset = at.sector * VMDK_SECTOR_BYTES;
  if (at.sector === 0) {
    check.damage(header.offset + 56, at.field, 'has no place');
    return undefined;
  }
  if (!check.isInside(offset, count * 4, at.field)) return undefined;
  const tables = new Uint32Array(count);
  let index = 0;
  for await (const { data } of check.pieces(offset, count * 4, at.field)) {
    for (let place = 0; place + 4 <= data.length; place += 4) tables[index++] = data.readUInt32LE(place);
  }
  checkTables(tables, { offset, field: at.field }, check);
  return new GrainDirectory(tables, check);
}

/** Tables that lie outside or in one another are forgotten, so that no more is read than the file holds. */
function checkTables(
  tables: Uint32Array,
  { offset, field }: { readonly offset: number; readonly field: string },
  check: ImageCheck,
): void {
  const order = Uint32Array.from(tables.keys()).filter((index) => tables[index] !== 0);
  order.sort((a, b) => (tables[a] ?? 0) - (tables[b] ?? 0));
  let end = 0;
  for (const index of order) {
    const sector = tables[index] ?? 0;
    const outside = sector * VMDK_SECTOR_BYTES + TABLE_BYTES > check.sizeBytes;
    const wrong = sector < end ? 'inside the table before it' : outside ? 'outside the file' : undefined;
    if (wrong === undefined) end = sector + TABLE_BYTES / VMDK_SECTOR_BYTES;
    else {
      check.damage(offset + index * 4, `${field} entry ${index}`, `is sector ${sector}, ${wrong}`);
      tables[index] = 0;
    }
  }
}

/** Checks that the redundant directory leads to the same tables in other places. */
export async function compareDirectories(
  header: VmdkHeader,
  directory: GrainDirectory,
  check: ImageCheck,
): Promise<void> {
  const at = { sector: header.redundantDirectorySector, field: 'redundant grain directory' };
  const other = await readDirectory(header, at, check);
  if (!other) return;
  for (let index = 0; index < directory.length; index += 1) {
    const [one, two] = [await directory.table(index), await other.table(index)];
    const same = one === undefined || two === undefined ? one === two : one.equals(two);
    if (!same)
      check.damage(at.sector * VMDK_SECTOR_BYTES + index * 4, at.field, `differs in grain table ${index}`);
  }
}

/** The name in a header's first bytes, for messages. */
export function magicOf(bytes: Buffer): string {
  return readText(bytes.subarray(0, 4));
}
