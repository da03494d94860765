import { sha256Of } from '../values/digest.ts';

/**
 * Controller that a disk was made for. These three are all that the format knows; a disk on VMware's paravirtual
 * controller is `lsilogic` too: with `pvscsi` ovftool refuses the disk ("Invalid target disk adapter type") and vSphere
 * cannot extend it (OSInside/kiwi issue 1847, josenk/vagrant-vmware-esxi issue 46).
 */
export type VmdkAdapter = 'ide' | 'buslogic' | 'lsilogic';

/** What a descriptor says. */
export interface VmdkDescriptor {
  readonly capacitySectors: number;
  readonly adapter: VmdkAdapter;
  /** Of the virtual machine that the disk is meant for, such as 13. */
  readonly hardwareVersion: number;
  /** Text that stands for the disk's content: equal disks get equal identifiers. */
  readonly digest: string;
}

/**
 * Name of the extent. A disk of a single file is read from the file that was opened, whatever stands here; a fixed name
 * keeps the bytes independent of where the file is written.
 */
const EXTENT_NAME = 'disk.vmdk';

/** VMware's tools are the guest's own business; without the line vSphere does not customize the guest (KB 83068). */
const TOOLS_UNMANAGED = 2 ** 31 - 1;

/**
 * The text that describes a stream-optimized disk. `ddb.uuid` is left out: a disk that carries it would share it with
 * every virtual machine made from it, while vSphere gives each a new one when it is absent.
 */
export function renderVmdkDescriptor(descriptor: VmdkDescriptor): string {
  const { capacitySectors, adapter, hardwareVersion } = descriptor;
  const { long, short } = contentIds(descriptor.digest);
  const { cylinders, heads, sectors } = geometryOf(capacitySectors, adapter);
  return [
    '# Disk DescriptorFile',
    'version=1',
    'encoding="UTF-8"',
    `CID=${short}`,
    'parentCID=ffffffff',
    'createType="streamOptimized"',
    '',
    '# Extent description',
    `RW ${capacitySectors} SPARSE "${EXTENT_NAME}"`,
    '',
    '# The Disk Data Base',
    '#DDB',
    '',
    `ddb.adapterType = "${adapter}"`,
    `ddb.geometry.cylinders = "${cylinders}"`,
    `ddb.geometry.heads = "${heads}"`,
    `ddb.geometry.sectors = "${sectors}"`,
    `ddb.longContentID = "${long}"`,
    `ddb.toolsVersion = "${TOOLS_UNMANAGED}"`,
    `ddb.virtualHWVersion = "${hardwareVersion}"`,
    '',
  ].join('\n');
}

/** Stands for "no parent" and "not set yet". */
const RESERVED_IDS: readonly string[] = ['ffffffff', 'fffffffe'];

/**
 * 32 bits that change with the content, and 128 bits that end in them.
 * @param hash SHA-256 in hexadecimal
 */
export function contentIds(
  digest: string,
  hash = sha256Of(`vmdk ${digest}`),
): { long: string; short: string } {
  const short = hash.match(/.{8}/g)?.find((word) => !RESERVED_IDS.includes(word)) ?? '00000000';
  return { long: hash.slice(-24) + short, short };
}

/**
 * Cylinders, heads and sectors that VMware's virtual disks report, as qemu-img and open-vmdk write them; a BIOS that
 * addresses sectors by number, which is every one in use, does not look at them.
 */
function geometryOf(
  capacitySectors: number,
  adapter: VmdkAdapter,
): { cylinders: number; heads: number; sectors: number } {
  const [heads, sectors, most] = adapter === 'ide' ? [16, 63, 16_383] : [255, 63, 65_535];
  const cylinders = Math.floor(capacitySectors / (heads * sectors));
  return { cylinders: Math.min(most, Math.max(1, cylinders)), heads, sectors };
}
