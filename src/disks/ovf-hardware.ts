import { hardwareVersionOf, type OvfMachine } from './ovf-machine.ts';
import { element, type XmlElement } from '../values/xml.ts';

/** Name of the network that a network card hangs on, as vSphere calls its first one. */
export const NETWORK_NAME = 'VM Network';

/** Name of the disk in an OVF; hardware refers to it. */
export const DISK_ID = 'vmdisk1';

/** CIM's numbers of devices. */
const RESOURCE = { processor: 3, memory: 4, ide: 5, scsi: 6, ethernet: 10, cdDrive: 15, disk: 17 } as const;

/** Numbers of the devices that others refer to. */
const INSTANCE = { scsi: 3, ide0: 4, ide1: 5 } as const;

const CONTROLLERS = { lsilogic: 'lsilogic', pvscsi: 'VirtualSCSI' } as const;
const NETWORK_CARDS = { e1000: 'E1000', vmxnet3: 'VmxNet3' } as const;

/** SCSI addresses up to 6 are disks' own, 7 is the controller's: where VMware puts the first network card. */
const NETWORK_CARD_ADDRESS = 7;

/**
 * The machine's hardware. Both IDE controllers are there because CloudStack attaches its system VMs' ISO image to one,
 * and in ascending order because VirtualBox takes the first for the primary.
 */
export function virtualHardware(machine: OvfMachine): XmlElement {
  return element('VirtualHardwareSection', [
    element('Info', 'Virtual hardware requirements'),
    element('System', [
      element('vssd:ElementName', 'Virtual Hardware Family'),
      element('vssd:InstanceID', 0),
      element('vssd:VirtualSystemIdentifier', machine.name),
      element('vssd:VirtualSystemType', `vmx-${hardwareVersionOf(machine)}`),
    ]),
    ...sizes(machine),
    ...controllers(machine),
    ...drives(),
    ...networkCards(machine),
    ...settings(machine),
  ]);
}

function sizes({ cpus, memoryMiB }: OvfMachine): XmlElement[] {
  return [
    item({
      AllocationUnits: 'hertz * 10^6',
      Description: 'Number of Virtual CPUs',
      ElementName: `${cpus} virtual CPU(s)`,
      InstanceID: 1,
      ResourceType: RESOURCE.processor,
      VirtualQuantity: cpus,
    }),
    item({
      AllocationUnits: 'byte * 2^20',
      Description: 'Memory Size',
      ElementName: `${memoryMiB}MB of memory`,
      InstanceID: 2,
      ResourceType: RESOURCE.memory,
      VirtualQuantity: memoryMiB,
    }),
  ];
}

function controllers({ scsi }: OvfMachine): XmlElement[] {
  const ide = [INSTANCE.ide0, INSTANCE.ide1].map((instance, address) =>
    item({
      Address: address,
      Description: 'IDE Controller',
      ElementName: `VirtualIDEController ${address}`,
      InstanceID: instance,
      ResourceType: RESOURCE.ide,
    }),
  );
  return [
    item({
      Address: 0,
      Description: 'SCSI Controller',
      ElementName: 'SCSI Controller 0',
      InstanceID: INSTANCE.scsi,
      ResourceSubType: CONTROLLERS[scsi],
      ResourceType: RESOURCE.scsi,
    }),
    ...ide,
  ];
}

function drives(): XmlElement[] {
  const cdDrive = item(
    {
      AddressOnParent: 0,
      AutomaticAllocation: 'false',
      ElementName: 'CD-ROM 1',
      InstanceID: 6,
      Parent: INSTANCE.ide1,
      ResourceSubType: 'vmware.cdrom.remotepassthrough',
      ResourceType: RESOURCE.cdDrive,
    },
    { 'ovf:required': 'false' },
  );
  const disk = item({
    AddressOnParent: 0,
    ElementName: 'Hard Disk 1',
    HostResource: `ovf:/disk/${DISK_ID}`,
    InstanceID: 7,
    Parent: INSTANCE.scsi,
    ResourceType: RESOURCE.disk,
  });
  return [cdDrive, disk];
}

function networkCards({ nic }: OvfMachine): XmlElement[] {
  if (nic === 'none') return [];
  const card = NETWORK_CARDS[nic];
  return [
    item({
      AddressOnParent: NETWORK_CARD_ADDRESS,
      AutomaticAllocation: 'true',
      Connection: NETWORK_NAME,
      Description: `${card} ethernet adapter on "${NETWORK_NAME}"`,
      ElementName: 'Network adapter 1',
      InstanceID: 8,
      ResourceSubType: card,
      ResourceType: RESOURCE.ethernet,
    }),
  ];
}

function settings({ firmware, secureBoot = false }: OvfMachine): XmlElement[] {
  const values: Readonly<Record<string, string>> = {
    firmware,
    ...(firmware === 'efi' ? { 'bootOptions.efiSecureBootEnabled': String(secureBoot) } : {}),
    'tools.syncTimeWithHost': 'false',
    'tools.toolsUpgradePolicy': 'manual',
  };
  return Object.entries(values).map(([key, value]) =>
    element('vmw:Config', [], { 'ovf:required': 'false', 'vmw:key': key, 'vmw:value': value }),
  );
}

/** A device. Its properties stand in the order of the alphabet: the CIM schema is a sequence, and VMware checks it. */
function item(
  properties: Readonly<Record<string, string | number>>,
  attributes: Readonly<Record<string, string>> = {},
): XmlElement {
  const sorted = Object.entries(properties).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return element(
    'Item',
    sorted.map(([name, value]) => element(`rasd:${name}`, value)),
    attributes,
  );
}
