import { createHash } from 'node:crypto';
import { sampleVmdk } from './sample-vmdk.ts';

/** A file for an archive. */
export interface SampleFile {
  readonly name: string;
  readonly data: Buffer;
  readonly type?: string;
}

/** One ustar header and its data. */
function member({ name, data, type = '0' }: SampleFile): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0' + '0000000\0'.repeat(2), 100);
  header.write(`${data.length.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0        ${type}`, 124);
  header.write('ustar\x0000', 257, 'latin1');
  const total = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${total.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}

/** An archive of these files. */
export function sampleTar(files: readonly SampleFile[]): Buffer {
  return Buffer.concat([...files.map(member), Buffer.alloc(1024)]);
}

/** A description of a machine with one disk. */
export function sampleOvf(diskBytes: number, capacityBytes: number): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="r" xmlns:vssd="v" xmlns:vmw="w">
  <References><File ovf:href="vm-disk1.vmdk" ovf:id="file1" ovf:size="${diskBytes}"/></References>
  <DiskSection>
    <Info>Disks</Info>
    <Disk ovf:capacity="${capacityBytes}" ovf:capacityAllocationUnits="byte" ovf:diskId="disk1" ovf:fileRef="file1" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
  </DiskSection>
  <NetworkSection><Info>Networks</Info><Network ovf:name="VM Network"><Description>n</Description></Network></NetworkSection>
  <VirtualSystem ovf:id="vm">
    <Info>A machine</Info>
    <Name>vm</Name>
    <OperatingSystemSection ovf:id="101" vmw:osType="otherLinux64Guest"><Info>Linux</Info></OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>Hardware</Info>
      <System><vssd:ElementName>e</vssd:ElementName><vssd:InstanceID>0</vssd:InstanceID><vssd:VirtualSystemType>vmx-13</vssd:VirtualSystemType></System>
      <Item><rasd:ElementName>cpu</rasd:ElementName><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType></Item>
      <Item><rasd:ElementName>scsi</rasd:ElementName><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>6</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:ElementName>disk</rasd:ElementName><rasd:HostResource>ovf:/disk/disk1</rasd:HostResource><rasd:InstanceID>3</rasd:InstanceID><rasd:Parent>2</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>7</rasd:AddressOnParent><rasd:Connection>VM Network</rasd:Connection><rasd:ElementName>nic</rasd:ElementName><rasd:InstanceID>4</rasd:InstanceID><rasd:ResourceType>10</rasd:ResourceType></Item>
      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="bios"/>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
`;
}

/** The disk inside: 100 grains, one stored. */
export function sampleDisk(): Buffer {
  return sampleVmdk({ grains: [[3, Buffer.alloc(65536, 'grain ')]], capacitySectors: 12_800 });
}

const CAPACITY = 12_800 * 512;

/** What is in an OVA, to be changed before it is packed; without a manifest. */
export function sampleMembers(change: (ovf: string) => string = (same) => same): SampleFile[] {
  const disk = sampleDisk();
  const ovf = change(sampleOvf(disk.length, CAPACITY));
  return [
    { name: 'vm.ovf', data: Buffer.from(ovf) },
    { name: 'vm-disk1.vmdk', data: disk },
  ];
}

/** The same with a manifest behind the first file. */
export function withManifest(
  members: readonly SampleFile[],
  change: (text: string) => string = (same) => same,
): SampleFile[] {
  const text = members.map(({ name, data }) => `SHA256(${name})= ${sha256(data)}\n`).join('');
  return [...members.slice(0, 1), { name: 'vm.mf', data: Buffer.from(change(text)) }, ...members.slice(1)];
}

/** An OVA that nothing is wrong with. */
export function sampleOva(): Buffer {
  return sampleTar(withManifest(sampleMembers()));
}

function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
