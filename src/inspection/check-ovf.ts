import { childNamed, childrenNamed, localName, readDisks, readFiles, textOf } from './ovf-document.ts';
import type { XmlElement } from './xml-document.ts';

/** Notes what is wrong at a character of the document. */
export type OvfFaults = (at: number, field: string, message: string) => void;

/** Namespace of OVF 1.x (DSP0243 1.1, section 6). */
const OVF_NAMESPACE = 'http://schemas.dmtf.org/ovf/envelope/1';

/** What a description of a machine tells beside its disks. */
export interface OvfMachine {
  readonly name: string | undefined;
  /** VMware's virtual hardware, such as `vmx-13`. */
  readonly hardware: string | undefined;
  readonly firmware: string;
  readonly operatingSystem: string | undefined;
}

/** Resource types of CIM that are looked at (DSP1043, CIM_ResourceAllocationSettingData). */
const DISK_DRIVE = '17';

/** Checks order, names and links of an OVF; files and disks are compared with the archive by the caller. */
export function checkOvf(envelope: XmlElement, fault: OvfFaults): OvfMachine {
  checkEnvelope(envelope, fault);
  checkLinks(envelope, fault);
  const systems = childrenNamed(envelope, 'VirtualSystem');
  const [system] = systems;
  if (systems.length !== 1) fault(envelope.at, 'VirtualSystem', `comes ${systems.length} times, not once`);
  if (!system) return { name: undefined, hardware: undefined, firmware: 'bios', operatingSystem: undefined };
  checkOrder(system, ['Info', 'Name', '*Section'], fault);
  const hardware = childNamed(system, 'VirtualHardwareSection');
  if (hardware) checkHardware(hardware, envelope, fault);
  else fault(system.at, 'VirtualHardwareSection', 'is missing');
  const os = childNamed(system, 'OperatingSystemSection');
  if (!/^\d+$/.test(os?.attributes.get('ovf:id') ?? '')) {
    fault(os?.at ?? system.at, 'OperatingSystemSection', 'has no number as ovf:id');
  }
  const firmware = childrenNamed(hardware, 'Config').find(
    ({ attributes }) => attributes.get('vmw:key') === 'firmware',
  );
  return {
    name: textOf(system, 'Name'),
    hardware: textOf(childNamed(hardware, 'System'), 'VirtualSystemType'),
    firmware: firmware?.attributes.get('vmw:value') ?? 'bios',
    operatingSystem: os?.attributes.get('vmw:osType'),
  };
}

function checkEnvelope(envelope: XmlElement, fault: OvfFaults): void {
  if (envelope.name !== 'Envelope') {
    fault(envelope.at, 'root element', `is ${envelope.name}, not Envelope without a prefix`);
  }
  for (const name of ['xmlns', 'xmlns:ovf']) {
    const found = envelope.attributes.get(name);
    if (found !== OVF_NAMESPACE)
      fault(envelope.at, name, `is ${JSON.stringify(found ?? '')}, not ${OVF_NAMESPACE}`);
  }
  checkOrder(envelope, ['References', '*Section', 'VirtualSystem', 'Strings'], fault);
  if (!childNamed(envelope, 'References')) fault(envelope.at, 'References', 'are missing');
  if (!childNamed(envelope, 'DiskSection')) fault(envelope.at, 'DiskSection', 'is missing');
  for (const section of envelope.children.filter((child) => localName(child).endsWith('Section'))) {
    if (localName(section.children[0] ?? { name: '' }) !== 'Info') {
      fault(section.at, localName(section), 'does not begin with Info');
    }
  }
}

/** Children come in the order of `names`; `*Section` stands for every name that ends so. */
function checkOrder(element: XmlElement, names: readonly string[], fault: OvfFaults): void {
  let last = 0;
  for (const child of element.children) {
    const name = localName(child);
    const place = names.indexOf(name.endsWith('Section') ? '*Section' : name);
    if (place < 0) fault(child.at, name, `does not belong into ${localName(element)}`);
    else if (place < last) fault(child.at, name, `comes too late in ${localName(element)}`);
    last = Math.max(last, place);
  }
}

/** Every name is used once, and every link leads somewhere. */
function checkLinks(envelope: XmlElement, fault: OvfFaults): void {
  const [files, disks] = [readFiles(envelope), readDisks(envelope)];
  for (const [index, file] of files.entries()) {
    if (file.id === '' || file.href === '') fault(file.at, 'File', 'lacks ovf:id or ovf:href');
    if (file.sizeBytes === undefined) fault(file.at, 'File', 'lacks ovf:size, or it is no number');
    if (files.findIndex(({ id }) => id === file.id) < index)
      fault(file.at, 'File', `has the ovf:id of another: ${file.id}`);
  }
  if (disks.length === 0) fault(envelope.at, 'DiskSection', 'has no disk');
  for (const [index, disk] of disks.entries()) {
    if (disk.id === '' || disk.fileRef === undefined)
      fault(disk.at, 'Disk', 'lacks ovf:diskId or ovf:fileRef');
    if (disk.capacityBytes === undefined || disk.capacityBytes === 0) {
      fault(disk.at, 'Disk', 'has no ovf:capacity above 0 in units of "byte" or "byte * 2^N"');
    }
    if (disks.findIndex(({ id }) => id === disk.id) < index)
      fault(disk.at, 'Disk', `has the diskId of another: ${disk.id}`);
    if (disk.fileRef !== undefined && !files.some(({ id }) => id === disk.fileRef)) {
      fault(disk.at, 'Disk', `refers to the file ${disk.fileRef}, which is not in the References`);
    }
    if (!disk.format.endsWith('#streamOptimized')) {
      fault(
        disk.at,
        'Disk',
        `has the ovf:format ${JSON.stringify(disk.format)}, not that of streamOptimized`,
      );
    }
  }
}

function checkHardware(hardware: XmlElement, envelope: XmlElement, fault: OvfFaults): void {
  checkOrder(
    hardware,
    ['Info', 'System', 'Item', 'StorageItem', 'EthernetPortItem', 'Config', 'ExtraConfig'],
    fault,
  );
  const system = childNamed(hardware, 'System');
  if (!system) fault(hardware.at, 'System', 'is missing');
  const items = childrenNamed(hardware, 'Item');
  const instances = items.map((item) => textOf(item, 'InstanceID'));
  const networks = childrenNamed(childNamed(envelope, 'NetworkSection'), 'Network').map(({ attributes }) =>
    attributes.get('ovf:name'),
  );
  const disks = readDisks(envelope).map(({ id }) => id);
  for (const [index, item] of [...items, ...(system ? [system] : [])].entries()) {
    checkAlphabet(item, fault);
    const id = textOf(item, 'InstanceID');
    const parent = textOf(item, 'Parent');
    const connection = textOf(item, 'Connection');
    if (id === undefined) fault(item.at, localName(item), 'lacks InstanceID');
    else if (instances.indexOf(id) < index && item !== system)
      fault(item.at, 'Item', `has the InstanceID of another: ${id}`);
    if (parent !== undefined && !instances.includes(parent))
      fault(item.at, 'Item', `has no item as parent: ${parent}`);
    if (connection !== undefined && !networks.includes(connection)) {
      fault(item.at, 'Item', `is connected to ${JSON.stringify(connection)}, which is no network`);
    }
    if (item !== system && textOf(item, 'ResourceType') === undefined)
      fault(item.at, 'Item', 'lacks ResourceType');
    if (textOf(item, 'ResourceType') !== DISK_DRIVE) continue;
    const [, disk] = /^(?:ovf:)?\/disk\/(.+)$/.exec(textOf(item, 'HostResource') ?? '') ?? [];
    if (disk === undefined || !disks.includes(disk))
      fault(item.at, 'Item', 'is a disk drive without a disk of the DiskSection');
  }
}

/** The schema of CIM wants the children of an item in alphabetical order, and readers check it. */
function checkAlphabet(item: XmlElement, fault: OvfFaults): void {
  // VMware's own come last, whatever they are called.
  const names = item.children.filter(({ name }) => !name.startsWith('vmw:')).map(localName);
  const wrong = names.findIndex((name, index) => index > 0 && name < (names[index - 1] ?? ''));
  if (wrong > 0)
    fault(item.at, 'Item', `has ${names[wrong]} behind ${names[wrong - 1]}: out of alphabetical order`);
}
