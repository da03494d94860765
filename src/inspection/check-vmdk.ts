import { inflateSync } from 'node:zlib';
import { BOOT_RECORD_BYTES, readBootRecord } from './boot-record.ts';
import type { ImageCheck } from './image-check.ts';
import type { BootRecord, DiskGeometry, Findings } from './image-report.ts';
import {
  checkDescriptor,
  identifiersOf,
  MOST_DESCRIPTOR_BYTES,
  parentOf,
  parseDescriptor,
  referenceTo,
  type VmdkDescriptor,
} from './vmdk-descriptor.ts';
import {
  DIRECTORY_AT_END,
  flagNames,
  hasFlag,
  isStream,
  parseVmdkHeader,
  VMDK_SECTOR_BYTES,
  type VmdkHeader,
} from './vmdk-header.ts';
import { checkGrains } from './vmdk-sparse.ts';
import { countEntries, StreamWalker } from './vmdk-stream.ts';
import { compareDirectories, magicOf, readDirectory, type GrainDirectory } from './vmdk-tables.ts';

/**
 * Checks a VMDK (VMware Virtual Disk Format 5.0): a sparse extent with its descriptor inside, plain or
 * `streamOptimized`. Descriptors with extents elsewhere are told, and refused.
 */
export async function checkVmdk(check: ImageCheck): Promise<Findings> {
  const length = Math.min(VMDK_SECTOR_BYTES, check.sizeBytes);
  const bytes = await check.read(0, length, 'header');
  if (!bytes) return {};
  if (bytes.toString('latin1').startsWith('# Disk')) return await checkDescriptorFile(check);
  if (magicOf(bytes) !== 'KDMV' || length < VMDK_SECTOR_BYTES) {
    check.damage(0, 'magic number', `is ${JSON.stringify(magicOf(bytes))}: not a whole sparse extent`);
    return { subformat: magicOf(bytes) === 'COWD' ? 'ESX sparse' : 'unknown' };
  }
  const header = parseVmdkHeader(bytes, 0, check);
  if (!header) return { subformat: 'sparse' };
  return await checkExtent(header, check);
}

async function checkDescriptorFile(check: ImageCheck): Promise<Findings> {
  const bytes = await check.read(0, Math.min(check.sizeBytes, MOST_DESCRIPTOR_BYTES), 'descriptor');
  const descriptor = parseDescriptor(bytes ?? Buffer.alloc(0), 0, check);
  const { values, extents } = descriptor;
  check.breach(0, 'descriptor', 'stands alone: the data is in other files');
  const sectors = extents.reduce((sum, extent) => sum + extent.sectors, 0);
  return {
    subformat: values.get('createType') ?? 'descriptor',
    virtualSizeBytes: sectors * VMDK_SECTOR_BYTES,
    features: ['descriptor only'],
    identifiers: identifiersOf(descriptor),
    references: [...extents.map(referenceTo), ...parentOf(values)],
  };
}

async function checkExtent(header: VmdkHeader, check: ImageCheck): Promise<Findings> {
  const stream = isStream(header);
  const descriptor = await readDescriptor(header, check);
  const rules = { offset: header.descriptorSector * VMDK_SECTOR_BYTES, stream, capacity: header.capacity };
  const references = descriptor === undefined ? [] : checkDescriptor(descriptor, rules, check);
  if (references.length > 0)
    check.breach(rules.offset, 'descriptor', 'names other files that the image needs');
  const directory = await openDirectory(header, check);
  const grains = directory === undefined ? undefined : await checkAllGrains(header, directory, check);
  const boot = directory === undefined ? undefined : await readGuestStart(header, directory, check);
  const grainBytes = header.grainSectors * VMDK_SECTOR_BYTES;
  const values = descriptor?.values ?? new Map<string, string>();
  const geometry = readGeometry(values);
  return {
    subformat: stream ? 'streamOptimized' : (values.get('createType') ?? 'sparse'),
    virtualSizeBytes: header.capacity * VMDK_SECTOR_BYTES,
    blockBytes: grainBytes,
    features: [`version ${header.version}`, ...flagNames(header)],
    identifiers: descriptor === undefined ? {} : identifiersOf(descriptor),
    references,
    ...(geometry === undefined ? {} : { geometry }),
    ...(grains === undefined ? {} : { allocatedBytes: grains * grainBytes }),
    ...(boot === undefined ? {} : { boot }),
  };
}

async function readDescriptor(header: VmdkHeader, check: ImageCheck): Promise<VmdkDescriptor | undefined> {
  const offset = header.descriptorSector * VMDK_SECTOR_BYTES;
  const length = header.descriptorSectors * VMDK_SECTOR_BYTES;
  if (header.descriptorSector === 0 || length > MOST_DESCRIPTOR_BYTES) {
    check.damage(28, 'descriptor', `has ${length} bytes at sector ${header.descriptorSector}`);
    return undefined;
  }
  if (header.descriptorSector + header.descriptorSectors > header.overheadSectors) {
    check.damage(28, 'descriptor', 'runs past the overhead');
  }
  const bytes = await check.read(offset, length, 'descriptor');
  return bytes === undefined ? undefined : parseDescriptor(bytes, offset, check);
}

async function openDirectory(header: VmdkHeader, check: ImageCheck): Promise<GrainDirectory | undefined> {
  let told: VmdkHeader | undefined = header;
  if (header.directorySector === DIRECTORY_AT_END) told = await readFooter(header, check);
  if (!told) return undefined;
  const at = { sector: told.directorySector, field: 'grain directory' };
  const directory = await readDirectory(told, at, check);
  if (directory && hasFlag(told, 1)) await compareDirectories(told, directory, check);
  return directory;
}

/** The header's second edition, one sector before the end-of-stream marker. */
async function readFooter(header: VmdkHeader, check: ImageCheck): Promise<VmdkHeader | undefined> {
  const offset = check.sizeBytes - 2 * VMDK_SECTOR_BYTES;
  const bytes = await check.read(offset, VMDK_SECTOR_BYTES, 'footer');
  if (!bytes) return undefined;
  if (magicOf(bytes) !== 'KDMV') {
    check.damage(offset, 'footer', 'is missing, though the header says that it has the grain directory');
    return undefined;
  }
  const footer = parseVmdkHeader(bytes, offset, check);
  if (footer && (footer.capacity !== header.capacity || footer.grainSectors !== header.grainSectors)) {
    check.damage(offset, 'footer', 'differs from the header');
    return undefined;
  }
  return footer;
}

/** Returns the number of stored grains. */
async function checkAllGrains(
  header: VmdkHeader,
  directory: GrainDirectory,
  check: ImageCheck,
): Promise<number> {
  if (!isStream(header)) return await checkGrains(header, directory, check);
  const { grains } = await new StreamWalker(header, directory, check).walk();
  const entries = await countEntries(header, directory);
  if (entries !== grains) {
    const message = `name ${entries} grains, but ${grains} come before the end of the stream`;
    check.damage(header.offset + 56, 'grain tables', message);
  }
  return grains;
}

async function readGuestStart(
  header: VmdkHeader,
  directory: GrainDirectory,
  check: ImageCheck,
): Promise<BootRecord | undefined> {
  const sector = await directory.entry(0);
  if (sector === undefined) return undefined;
  const grainBytes = header.grainSectors * VMDK_SECTOR_BYTES;
  if (sector < 2) return readBootRecord(Buffer.alloc(BOOT_RECORD_BYTES));
  const offset = sector * VMDK_SECTOR_BYTES;
  const most = isStream(header) ? 2 * grainBytes : Math.min(BOOT_RECORD_BYTES, grainBytes);
  if (offset >= check.sizeBytes) return undefined;
  const bytes = await check.read(offset, Math.min(most, check.sizeBytes - offset), 'grain 0');
  if (!bytes || !isStream(header)) return readBootRecord(bytes);
  try {
    return readBootRecord(inflateSync(bytes.subarray(12), { maxOutputLength: grainBytes }));
  } catch {
    // Whether the grain inflates is the deep check's question.
    return undefined;
  }
}

function readGeometry(values: ReadonlyMap<string, string>): DiskGeometry | undefined {
  const [cylinders, heads, sectors] = ['cylinders', 'heads', 'sectors'].map((name) =>
    Number(values.get(`ddb.geometry.${name}`)),
  );
  if (!cylinders || !heads || !sectors) return undefined;
  return { cylinders, heads, sectors };
}
