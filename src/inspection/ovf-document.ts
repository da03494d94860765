import type { XmlElement } from './xml-document.ts';

/** A file that an OVF refers to. */
export interface OvfFile {
  readonly id: string;
  readonly href: string;
  readonly sizeBytes: number | undefined;
  readonly at: number;
}

/** A virtual disk of an OVF. */
export interface OvfDisk {
  readonly id: string;
  readonly fileRef: string | undefined;
  /** Undefined when it cannot be understood. */
  readonly capacityBytes: number | undefined;
  readonly format: string;
  readonly at: number;
}

/** Local part of a name. */
export function localName({ name }: Pick<XmlElement, 'name'>): string {
  return name.slice(name.indexOf(':') + 1);
}

/** Children with a local name. */
export function childrenNamed(element: XmlElement | undefined, name: string): XmlElement[] {
  return (element?.children ?? []).filter((child) => localName(child) === name);
}

/** The first child with a local name. */
export function childNamed(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return childrenNamed(element, name)[0];
}

/** Text of the first child with a local name. */
export function textOf(element: XmlElement | undefined, name: string): string | undefined {
  return childNamed(element, name)?.text.trim();
}

/** Files in the order of the References. */
export function readFiles(envelope: XmlElement): OvfFile[] {
  return childrenNamed(childNamed(envelope, 'References'), 'File').map((file) => ({
    id: file.attributes.get('ovf:id') ?? '',
    href: file.attributes.get('ovf:href') ?? '',
    sizeBytes: parseWhole(file.attributes.get('ovf:size')),
    at: file.at,
  }));
}

/** Disks of the DiskSection. */
export function readDisks(envelope: XmlElement): OvfDisk[] {
  return childrenNamed(childNamed(envelope, 'DiskSection'), 'Disk').map((disk) => ({
    id: disk.attributes.get('ovf:diskId') ?? '',
    fileRef: disk.attributes.get('ovf:fileRef'),
    capacityBytes: readCapacity(disk),
    format: disk.attributes.get('ovf:format') ?? '',
    at: disk.at,
  }));
}

/** Capacity in bytes; units are `byte`, or `byte * 2^N` (DSP0243 1.1, section 9.1 and DSP0004, annex C). */
function readCapacity(disk: XmlElement): number | undefined {
  const capacity = parseWhole(disk.attributes.get('ovf:capacity'));
  const units = disk.attributes.get('ovf:capacityAllocationUnits') ?? 'byte';
  const match = /^byte(?: \* 2\^(\d{1,2}))?$/.exec(units);
  if (capacity === undefined || !match) return undefined;
  const bytes = capacity * 2 ** Number(match[1] ?? 0);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

function parseWhole(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined;
  return Number(text);
}
