import { partOfSource, type ByteSource } from '../values/byte-source.ts';
import { checkOvf, type OvfMachine } from './check-ovf.ts';
import type { CheckOptions, ImageCheck } from './image-check.ts';
import type { Findings, ImageReport } from './image-report.ts';
import { checkManifest } from './ova-manifest.ts';
import { readDisks, readFiles } from './ovf-document.ts';
import { readTar, type TarEntry } from './tar-archive.ts';
import { parseXml, XmlFault, type XmlElement } from './xml-document.ts';

/** Checks a disk inside the archive. */
export type CheckInner = (source: ByteSource, options: CheckOptions) => Promise<ImageReport>;

/** Longest OVF. */
const MOST_OVF_BYTES = 1024 * 1024;

/**
 * Checks an OVA (DSP0243 1.1, section 5.3): the archive and its order, the OVF, the manifest with its digests, and each
 * disk by its own format's rules, against what the OVF says of it.
 */
export async function checkOva(check: ImageCheck, checkInner: CheckInner): Promise<Findings> {
  const entries = await readTar(check);
  const [ovf] = entries;
  if (!ovf?.name.toLowerCase().endsWith('.ovf')) {
    check.damage(0, 'tar order', 'does not begin with an .ovf file');
    return {};
  }
  const envelope = await readOvf(ovf, check);
  if (!envelope) return {};
  const place = characterPlace(ovf, envelope.text);
  const machine = checkOvf(envelope.root, (at, field, message) => check.damage(place(at), field, message));
  checkArchiveOrder(entries, envelope.root, check);
  const manifest = entries.find(({ name }) => name.endsWith('.mf'));
  if (manifest) await checkManifest(manifest, entries.filter(isListed), check);
  const disks = await checkDisks({ entries, root: envelope.root, place }, check, checkInner);
  const sizes = disks.map(({ virtualSizeBytes = 0 }) => virtualSizeBytes);
  const [boot] = disks.flatMap((disk) => disk.boot ?? []);
  return {
    virtualSizeBytes: sizes.reduce((sum, size) => sum + size, 0),
    allocatedBytes: disks.reduce((sum, { allocatedBytes = 0 }) => sum + allocatedBytes, 0),
    features: describeMachine(machine, manifest !== undefined),
    identifiers: machine.name === undefined ? {} : { name: machine.name },
    disks,
    ...(boot === undefined ? {} : { boot }),
  };
}

/** Whether the manifest has a line for it: all but the manifest itself and its signature. */
function isListed({ name }: TarEntry): boolean {
  return !/\.(?:mf|cert)$/.test(name);
}

async function readOvf(
  ovf: TarEntry,
  check: ImageCheck,
): Promise<{ root: XmlElement; text: string } | undefined> {
  if (ovf.sizeBytes > MOST_OVF_BYTES) {
    check.damage(ovf.offset, 'OVF', `has ${ovf.sizeBytes} bytes, above ${MOST_OVF_BYTES}`);
    return undefined;
  }
  const bytes = await check.read(ovf.offset, ovf.sizeBytes, 'OVF');
  if (!bytes) return undefined;
  const text = bytes.toString('utf8');
  try {
    return { root: parseXml(text), text };
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    check.damage(characterPlace(ovf, text)(error.at), 'OVF', error.message);
    return undefined;
  }
}

function characterPlace(ovf: TarEntry, text: string): (at: number) => number {
  return (at) => ovf.offset + Buffer.byteLength(text.slice(0, at));
}

/** The OVF, its manifest and signature, then files in the order of the References: readers take it in one pass. */
function checkArchiveOrder(entries: readonly TarEntry[], root: XmlElement, check: ImageCheck): void {
  const files = readFiles(root).map(({ href }) => href);
  const names = entries.map(({ name }) => name);
  const [ovf = ''] = names;
  const stem = ovf.slice(0, -'.ovf'.length);
  const wanted = [ovf, ...[`${stem}.mf`, `${stem}.cert`].filter((name) => names.includes(name)), ...files];
  for (const [index, { name, headerOffset }] of entries.entries()) {
    if (!wanted.includes(name))
      check.damage(headerOffset, 'tar order', `has ${JSON.stringify(name)}, which the OVF does not name`);
    else if (wanted[index] !== name)
      check.breach(headerOffset, 'tar order', `has ${JSON.stringify(name)} in the wrong place`);
  }
  for (const href of files) {
    if (!names.includes(href))
      check.damage(0, 'References', `name ${JSON.stringify(href)}, which is not in the archive`);
  }
  if (!names.includes(`${stem}.mf`)) check.breach(0, 'manifest', `${stem}.mf is missing`);
}

interface OvaContents {
  readonly entries: readonly TarEntry[];
  readonly root: XmlElement;
  readonly place: (at: number) => number;
}

async function checkDisks(
  contents: OvaContents,
  check: ImageCheck,
  checkInner: CheckInner,
): Promise<ImageReport[]> {
  const { entries, root, place } = contents;
  const reports: ImageReport[] = [];
  const disks = readDisks(root);
  for (const file of readFiles(root)) {
    const entry = entries.find(({ name }) => name === file.href);
    if (!entry) continue;
    if (file.sizeBytes !== entry.sizeBytes) {
      check.damage(
        place(file.at),
        'File',
        `says ${file.sizeBytes} bytes, but ${entry.name} has ${entry.sizeBytes}`,
      );
    }
    const disk = disks.find(({ fileRef }) => fileRef === file.id);
    if (!disk || reports.some(({ name }) => name === entry.name)) continue;
    const report = await checkInner(partOfSource(check.source, entry.offset, entry.sizeBytes), check.options);
    for (const fault of report.faults) check.addFault({ ...fault, file: entry.name });
    if (report.format !== 'vmdk' || report.subformat !== 'streamOptimized') {
      check.damage(
        entry.offset,
        entry.name,
        `is ${report.format} ${report.subformat ?? ''}, not a streamOptimized VMDK`,
      );
    } else if (report.virtualSizeBytes !== disk.capacityBytes) {
      const message = `has a capacity of ${disk.capacityBytes} bytes, but the disk has ${report.virtualSizeBytes}`;
      check.damage(place(disk.at), 'Disk', message);
    }
    reports.push({ ...report, name: entry.name, archiveOffset: entry.offset });
  }
  return reports;
}

function describeMachine(machine: OvfMachine, hasManifest: boolean): string[] {
  return [
    ...(machine.hardware === undefined ? [] : [`hardware ${machine.hardware}`]),
    `firmware ${machine.firmware}`,
    ...(machine.operatingSystem === undefined ? [] : [`guest ${machine.operatingSystem}`]),
    hasManifest ? 'manifest' : 'no manifest',
  ];
}
