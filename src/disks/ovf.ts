import { DISK_ID, NETWORK_NAME, virtualHardware } from './ovf-hardware.ts';
import type { OvfMachine } from './ovf-machine.ts';
import { GUEST_SYSTEMS } from '../profiles/vmware-hardware.ts';
import { element, renderXml, type XmlElement } from '../values/xml.ts';

/** The disk that an OVF refers to. */
export interface OvfDisk {
  readonly fileName: string;
  /** Of the file, as `stat` gives it. */
  readonly fileSizeBytes: number;
  /** Of the disk that a guest sees. */
  readonly capacityBytes: number;
  /** Of the data in it. */
  readonly populatedBytes: number;
}

const FILE_ID = 'file1';
const STREAM_OPTIMIZED = 'http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized';

const CIM = 'http://schemas.dmtf.org/wbem/wscim/1';
const NAMESPACES = {
  xmlns: 'http://schemas.dmtf.org/ovf/envelope/1',
  'xmlns:cim': `${CIM}/common`,
  'xmlns:ovf': 'http://schemas.dmtf.org/ovf/envelope/1',
  'xmlns:rasd': `${CIM}/cim-schema/2/CIM_ResourceAllocationSettingData`,
  'xmlns:vmw': 'http://www.vmware.com/schema/ovf',
  'xmlns:vssd': `${CIM}/cim-schema/2/CIM_VirtualSystemSettingData`,
  'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
} as const;

/**
 * The text of an `.ovf` (DMTF DSP0243, OVF 1.1) for a machine with one disk. CloudStack reads attributes by the text of
 * their names, so that `ovf:` stands before each of them; it takes a disk's size in bytes only when a unit is given.
 *
 * Raises `E_XML_CHARACTER`; the machine itself is checked by `checkOvfMachine`.
 */
export function renderOvf(machine: OvfMachine, disk: OvfDisk): string {
  return renderXml(
    element(
      'Envelope',
      [references(disk), disks(disk), networks(machine), virtualSystem(machine)],
      NAMESPACES,
    ),
  );
}

function references({ fileName, fileSizeBytes }: OvfDisk): XmlElement {
  return element('References', [
    element('File', [], { 'ovf:href': fileName, 'ovf:id': FILE_ID, 'ovf:size': fileSizeBytes }),
  ]);
}

function disks({ capacityBytes, populatedBytes }: OvfDisk): XmlElement {
  return element('DiskSection', [
    element('Info', 'Virtual disk information'),
    element('Disk', [], {
      'ovf:capacity': capacityBytes,
      'ovf:capacityAllocationUnits': 'byte',
      'ovf:diskId': DISK_ID,
      'ovf:fileRef': FILE_ID,
      'ovf:format': STREAM_OPTIMIZED,
      'ovf:populatedSize': populatedBytes,
    }),
  ]);
}

function networks({ nic }: OvfMachine): XmlElement | undefined {
  if (nic === 'none') return undefined;
  return element('NetworkSection', [
    element('Info', 'The list of logical networks'),
    element('Network', [element('Description', `The ${NETWORK_NAME} network`)], { 'ovf:name': NETWORK_NAME }),
  ]);
}

function virtualSystem(machine: OvfMachine): XmlElement {
  const { name, osType } = machine;
  const operatingSystem = element(
    'OperatingSystemSection',
    [element('Info', 'The kind of installed guest operating system')],
    { 'ovf:id': GUEST_SYSTEMS[osType].cimId, 'vmw:osType': osType },
  );
  return element(
    'VirtualSystem',
    [
      element('Info', 'A virtual machine'),
      element('Name', name),
      operatingSystem,
      virtualHardware(machine),
      productSection(machine),
    ],
    { 'ovf:id': name },
  );
}

function productSection({ product }: OvfMachine): XmlElement | undefined {
  if (product === undefined) return undefined;
  const { name, version, vendor } = product;
  return element('ProductSection', [
    element('Info', 'Information about the installed software'),
    element('Product', name),
    vendor === undefined ? undefined : element('Vendor', vendor),
    element('Version', version),
    element('FullVersion', version),
  ]);
}
