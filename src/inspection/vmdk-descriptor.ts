import type { ImageCheck } from './image-check.ts';
import type { ImageReference } from './image-report.ts';

/** One line of a descriptor that names where data is. */
export interface VmdkExtentLine {
  readonly access: string;
  readonly sectors: number;
  readonly type: string;
  readonly fileName: string | undefined;
}

/** The text part of a VMDK. */
export interface VmdkDescriptor {
  readonly values: ReadonlyMap<string, string>;
  readonly extents: readonly VmdkExtentLine[];
}

/** Longest descriptor, as QEMU's and OpenStack's readers have it: 1 MiB. */
export const MOST_DESCRIPTOR_BYTES = 1024 * 1024;

/** `parentCID` of a disk without a parent: all ones (VMware Virtual Disk Format 5.0). */
const NO_PARENT = 'ffffffff';

/** Reads a descriptor; lines that are none are faults at `offset` plus their place. */
export function parseDescriptor(bytes: Buffer, offset: number, check: ImageCheck): VmdkDescriptor {
  const end = bytes.indexOf(0);
  const text = bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
  const values = new Map<string, string>();
  const extents: VmdkExtentLine[] = [];
  if (!text.startsWith('# Disk DescriptorFile')) {
    check.damage(offset, 'descriptor', 'does not begin with "# Disk DescriptorFile"');
  }
  let at = 0;
  for (const line of text.split('\n')) {
    const place = offset + at;
    at += line.length + 1;
    const content = line.trim();
    if (content === '' || content.startsWith('#')) continue;
    const extent = parseExtent(content);
    const [, key, value = ''] = /^([\w.:-]+)\s*=\s*"?([^"]*)"?$/.exec(content) ?? [];
    if (extent) extents.push(extent);
    else if (key === undefined)
      check.damage(place, 'descriptor', `has a line that means nothing: ${shown(content)}`);
    else if (values.has(key)) check.damage(place, 'descriptor', `has ${key} twice`);
    else values.set(key, value);
  }
  if (end >= 0 && bytes.subarray(end).some((byte) => byte !== 0)) {
    check.breach(offset + end, 'descriptor', 'has text behind its end');
  }
  return { values, extents };
}

function parseExtent(line: string): VmdkExtentLine | undefined {
  const match = /^(RW|RDONLY|NOACCESS)\s+(\d{1,15})\s+([A-Z]+)(?:\s+"([^"]*)"(?:\s+\d+)*)?$/.exec(line);
  if (!match) return undefined;
  const [, access = '', sectors = '', type = '', fileName] = match;
  return { access, sectors: Number(sectors), type, fileName };
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/** What the descriptor inside a sparse extent must say. */
export interface DescriptorRules {
  readonly offset: number;
  readonly stream: boolean;
  readonly capacity: number;
}

/** Checks the descriptor inside an extent; what it points at outside is a reference. */
export function checkDescriptor(
  { values, extents }: VmdkDescriptor,
  { offset, stream, capacity }: DescriptorRules,
  check: ImageCheck,
): ImageReference[] {
  const fault = (message: string): void => check.damage(offset, 'descriptor', message);
  if (!['1', '2', '3'].includes(values.get('version') ?? ''))
    fault(`has version ${shown(values.get('version') ?? '')}`);
  if (!/^[0-9a-f]{1,8}$/i.test(values.get('CID') ?? ''))
    fault('has no CID of up to eight hexadecimal digits');
  const createType = values.get('createType');
  const types = stream ? ['streamOptimized'] : ['monolithicSparse'];
  if (!types.includes(createType ?? ''))
    fault(`has createType ${shown(createType ?? '')}, not ${types.join()}`);
  const [extent] = extents;
  if (!extent || extents.length !== 1) fault(`names ${extents.length} extents, not 1`);
  else if (extent.type !== 'SPARSE') fault(`names an extent of type ${extent.type}, not SPARSE`);
  else if (extent.sectors !== capacity) {
    fault(`says that the disk has ${extent.sectors} sectors, the header ${capacity}`);
  }
  if (extent && !extent.fileName) fault('names an extent without a file');
  if (values.get('ddb.adapterType') === undefined) {
    check.breach(offset, 'descriptor', 'has no ddb.adapterType');
  }
  return [...parentOf(values), ...extents.slice(1).map(referenceTo)];
}

/** The parent that a descriptor asks for, if any. */
export function parentOf(values: ReadonlyMap<string, string>): ImageReference[] {
  const parent = values.get('parentCID')?.toLowerCase();
  const hint = values.get('parentFileNameHint');
  if ((parent === undefined || parent === NO_PARENT) && hint === undefined) return [];
  return [{ kind: 'parent', name: hint ?? '', format: 'vmdk' }];
}

/** An extent outside. */
export function referenceTo({ fileName, type }: VmdkExtentLine): ImageReference {
  return { kind: 'extent', name: fileName ?? '', format: type };
}

/** What is worth telling of a descriptor. */
export function identifiersOf({ values, extents }: VmdkDescriptor): Record<string, string> {
  const names = extents.map(({ fileName }) => fileName ?? '').join(', ');
  const told = { CID: 'CID', toolsVersion: 'ddb.toolsVersion', hardwareVersion: 'ddb.virtualHWVersion' };
  const more = { adapterType: 'ddb.adapterType', longContentId: 'ddb.longContentID', uuid: 'ddb.uuid' };
  const found = Object.entries({ ...told, ...more }).flatMap(([name, key]) => {
    const value = values.get(key);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(found), ...(names === '' ? {} : { extent: names }) };
}
